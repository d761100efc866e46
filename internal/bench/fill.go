package bench

import (
	"context"
	"fmt"
	"time"
)

// fill looks for stalls while a server grows.
type fill struct{ keys int }

func (*fill) Name() string { return "fill" }

func (*fill) Short() string { return "stalls while the server grows" }

func (s *fill) About() string {
	return fmt.Sprintf(`The server is filled with %s keys of %d bytes, values of %d bytes, by %d connections with pipelines of %d,
while a bystander sends a GET every millisecond. Its waits include those behind the load's own requests; what stands out
above them is work that the server does in one piece: growing a table, collecting garbage.`,
		thousands(int64(s.keys)), keyLength, smallValue, fillConnections, fillPipeline)
}

func (s *fill) Run(ctx context.Context, t *Target) ([]Figure, error) {
	empty, err := t.footprint(ctx)
	if err != nil {
		return nil, err
	}
	b, err := startBystander(t, time.Millisecond)
	if err != nil {
		return nil, err
	}
	load, err := t.fill(ctx, "fill", int64(s.keys), set("fill:", randomBytes(smallValue)))
	seen, stopErr := t.stopBystander(b)
	if err == nil {
		err = stopErr
	}
	if err != nil {
		return nil, err
	}
	full, err := t.footprint(ctx)
	if err != nil {
		return nil, err
	}
	d := seen.distribution()
	rss := Figure{Name: "RSS afterwards", Unit: BytesPerKey, Better: Lower, Value: (full.rss - empty.rss) / float64(s.keys)}
	return []Figure{
		{Name: "bystander while filling, p50", Unit: Millis, Better: Lower, Value: millis(d.quantile(.5))},
		{Name: "bystander while filling, p99.9", Unit: Millis, Better: Lower, Value: millis(d.quantile(.999))},
		{Name: "bystander while filling, worst", Unit: Millis, Better: Lower, Goal: limit(1), Value: millis(d.max())},
		{Name: "fill rate", Unit: PerSecond, Better: Higher, Value: float64(s.keys) / load.elapsed.Seconds()},
		rss.unless(!full.rssKnown, errNoProcess.Error()),
	}, nil
}
