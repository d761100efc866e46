package bench

import (
	"context"
	"fmt"
)

// cache measures what requests cost the server that a cache gets and throughput does not send: for many keys at once, under
// a limit, and at it.
type cache struct{ keys int }

const (
	cacheClients  = 20
	cachePipeline = 16
	mgetKeys      = 100
)

func (*cache) Name() string { return "cache" }

func (*cache) Short() string {
	return "processor time of MGET, of SET under maxmemory, and of SET that evicts"
}

func (s *cache) About() string {
	return fmt.Sprintf(`%s keys with %d-byte values are in memory. %d clients send MGET of %d random keys each; SET over existing keys,
in pipelines of %d, without a limit and then with maxmemory at four times what is in use; and SET of new keys with
maxmemory at what is in use and %s, so that every write evicts, after a run that brings the server into that
state. CPU is the server's processor time over the requests. With and without a limit are compared in the same server, one
after the other.`, thousands(int64(s.keys)), throughputValue, cacheClients, mgetKeys, cachePipeline, evictionPolicy)
}

func (s *cache) Run(ctx context.Context, t *Target) ([]Figure, error) {
	value := randomBytes(throughputValue)
	n := int64(s.keys)
	if _, err := t.fill(ctx, "fill", n, set("key:", value)); err != nil {
		return nil, err
	}
	random := numbers()
	over := func(dst []byte, _ int64) []byte { return set("key:", value)(dst, random.Int64N(n)) }
	mget, err := s.phase(ctx, t, "MGET", load{pipeline: 1, requests: max(1, n/50), command: func(dst []byte, _ int64) []byte {
		dst = append(dst, fmt.Sprintf("*%d\r\n$4\r\nMGET\r\n", mgetKeys+1)...)
		for range mgetKeys {
			dst = appendKey(dst, "key:", random.Int64N(n), keyLength)
		}
		return dst
	}})
	if err != nil {
		return nil, err
	}
	free, err := s.phase(ctx, t, "SET without a limit", load{pipeline: cachePipeline, requests: 2 * n, command: over})
	if err != nil {
		return nil, err
	}
	used, err := t.usedMemory()
	if err != nil {
		return nil, err
	}
	if err := setLimit(t, 4*int64(used), evictionPolicy); err != nil {
		return nil, err
	}
	roomy, err := s.phase(ctx, t, "SET with room", load{pipeline: cachePipeline, requests: 2 * n, command: over})
	if err != nil {
		return nil, err
	}
	if err := setLimit(t, int64(used), evictionPolicy); err != nil {
		return nil, err
	}
	if _, err := s.phase(ctx, t, "into the limit", load{pipeline: cachePipeline, requests: n, command: set("into:", value)}); err != nil {
		return nil, err
	}
	tight, err := s.phase(ctx, t, "SET at maxmemory", load{pipeline: cachePipeline, requests: 2 * n, command: set("new:", value)})
	if err != nil {
		return nil, err
	}
	figures := []Figure{
		mget.cost(fmt.Sprintf("MGET of %d keys: CPU", mgetKeys), ofPeer(0.4, "40 percent of Redis's")),
		free.cost("SET without a limit: CPU", nil),
		roomy.cost("SET with room under maxmemory: CPU", nil),
		{Name: "SET with room against without a limit, CPU", Unit: Factor, Better: Lower, Goal: limit(1.05), Value: ratioOf(roomy.micros, free.micros)},
		tight.cost("SET that evicts: CPU", ofPeer(0.6, "60 percent of Redis's")),
		{Name: "SET with room, p99.9", Unit: Millis, Better: Lower, Value: roomy.p999},
		{Name: "SET that evicts, p99.9", Unit: Millis, Better: Lower, Value: tight.p999},
		{Name: "SET that evicts, p99.9 against with room", Unit: Factor, Better: Lower, Goal: limit(2), Value: ratioOf(tight.p999, roomy.p999)},
	}
	return figures, nil
}

// spent is what a phase took.
type spent struct {
	micros float64 // of processor time, a request
	p999   float64 // ms
	err    error   // the processor time is not known
}

func (s spent) cost(name string, goal *Goal) Figure {
	f := Figure{Name: name, Unit: MicrosPerRequest, Better: Lower, Goal: goal, Value: s.micros}
	return f.unless(s.err != nil, errNoProcess.Error())
}

func ratioOf(a, b float64) float64 {
	if b == 0 {
		return 0
	}
	return a / b
}

func (s *cache) phase(ctx context.Context, t *Target, label string, l load) (spent, error) {
	update, finish := t.progress(t.Name+": "+label, l.requests)
	defer finish()
	l.addr, l.connections, l.sample, l.progress = t.Addr, cacheClients, true, update
	before, cpuErr := t.Process.cpu()
	r, err := l.run(ctx)
	if err == nil {
		err = r.check()
	}
	if err != nil {
		return spent{}, fmt.Errorf("%s: %w", label, err)
	}
	after, _ := t.Process.cpu()
	return spent{micros(after-before) / float64(l.requests), millis(r.seen.distribution().quantile(.999)), cpuErr}, nil
}
