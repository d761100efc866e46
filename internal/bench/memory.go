package bench

import (
	"context"
	"fmt"
)

// memory measures what a key takes beyond the empty server.
type memory struct{ keys int }

const smallValue = 32 // bytes, that of the goals

func (*memory) Name() string { return "memory" }

func (*memory) Short() string { return "used_memory and RSS per key, without and with a TTL" }

func (s *memory) About() string {
	return fmt.Sprintf(`%s keys of %d bytes with values of %d bytes, first without a TTL, then, in a fresh server, with TTLs of
1 to 25 hours. The figures are differences to the same server when empty, divided by the keys; the payload is part of
them.`, thousands(int64(s.keys)), keyLength, smallValue)
}

func (s *memory) Run(ctx context.Context, t *Target) ([]Figure, error) {
	value := randomBytes(smallValue)
	plain, err := s.measure(ctx, t, "no TTL", limit(72), limit(78), set("session:", value))
	if err != nil {
		return nil, err
	}
	if err := t.reset(ctx); err != nil {
		return nil, err
	}
	const hour = 3600
	volatile, err := s.measure(ctx, t, "with TTL", limit(80), limit(86),
		setWith("session:", value, "EX", func(i int64) int64 { return hour + i%(24*hour) }))
	return append(plain, volatile...), err
}

func (s *memory) measure(ctx context.Context, t *Target, label string, used, rss *Goal, command func([]byte, int64) []byte) ([]Figure, error) {
	empty, err := t.footprint(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := t.fill(ctx, "memory, "+label, int64(s.keys), command); err != nil {
		return nil, err
	}
	full, err := t.footprint(ctx)
	if err != nil {
		return nil, err
	}
	perKey := func(name string, goal *Goal, bytes float64) Figure {
		return Figure{Name: name + ", " + label, Unit: BytesPerKey, Better: Lower, Goal: goal, Value: bytes / float64(s.keys)}
	}
	return []Figure{
		perKey("used_memory", used, full.used-empty.used),
		perKey("RSS", rss, full.rss-empty.rss).unless(!full.rssKnown, errNoProcess.Error()),
	}, nil
}
