package bench

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// storm has very many keys expire at one instant, and looks at another client's requests meanwhile.
type storm struct{ keys int }

const (
	stormEvery = time.Millisecond       // the bystander's schedule
	stormPoll  = 5 * time.Millisecond   // how often the count of expired keys is asked for
	stormLimit = 60 * time.Second       // after that it is given up
	stormLeast = 100 * time.Millisecond // the bystander is looked at for at least so long: percentiles need requests
	stormCalm  = 300 * time.Millisecond // measured before the deadline, for comparison
)

var errTooSlow = errors.New("filling took longer than the keys live")

func (*storm) Name() string { return "storm" }

func (*storm) Short() string { return "a great many keys due at one instant, seen by another client" }

func (s *storm) About() string {
	return fmt.Sprintf("%s keys are all due at one instant. \"All gone\" is when INFO's expired_keys has counted the last of\n"+
		"them, asked for every %v; nobody touches the keys. The bystander sends a GET for another key every %v from the\n"+
		"deadline until all are gone.", thousands(int64(s.keys)), stormPoll, stormEvery)
}

func (s *storm) Run(ctx context.Context, t *Target) ([]Figure, error) {
	// Long enough to fill, or else tried again with more; shorter is only for the user's sake.
	for life := time.Second + 3*time.Microsecond*time.Duration(s.keys); ; life *= 2 {
		figures, err := s.attempt(ctx, t, life)
		if !errors.Is(err, errTooSlow) || life > time.Minute {
			return figures, err
		}
		if err := t.reset(ctx); err != nil {
			return nil, err
		}
	}
}

func (s *storm) attempt(ctx context.Context, t *Target, life time.Duration) ([]Figure, error) {
	before, err := t.infoNumber("stats", "expired_keys")
	if err != nil {
		return nil, err
	}
	deadline := time.Now().Add(life).Truncate(time.Millisecond)
	_, err = t.fill(ctx, "keys due at once", int64(s.keys),
		setWith("session:", randomBytes(smallValue), "PXAT", func(int64) int64 { return deadline.UnixMilli() }))
	if err != nil {
		return nil, err
	}
	due := wall(deadline)
	if now() >= due.add(-stormCalm-stormEvery) {
		return nil, errTooSlow
	}
	b, err := startBystander(t, stormEvery)
	if err != nil {
		return nil, err
	}
	gone, err := s.watch(ctx, t, due, before)
	seen, stopErr := t.stopBystander(b)
	if err := errors.Join(err, stopErr); err != nil {
		return nil, err
	}
	calm := seen.between(due.add(-stormCalm), due).distribution()
	during := seen.between(due, max(gone, due.add(stormLeast))).distribution()
	return []Figure{
		{Name: "all gone after", Unit: Seconds, Better: Lower, Goal: limit(0.5), Value: gone.since(due).Seconds()},
		{Name: "bystander meanwhile, p50", Unit: Millis, Better: Lower, Value: millis(during.quantile(.5))},
		{Name: "bystander meanwhile, p99", Unit: Millis, Better: Lower, Value: millis(during.quantile(.99))},
		{Name: "bystander meanwhile, p99.9", Unit: Millis, Better: Lower, Goal: limit(1), Value: millis(during.quantile(.999))},
		{Name: "bystander meanwhile, worst", Unit: Millis, Better: Lower, Value: millis(during.max())},
		{Name: "bystander before, p99", Unit: Millis, Value: millis(calm.quantile(.99))},
	}, nil
}

// watch returns when the last key was counted as expired.
func (s *storm) watch(ctx context.Context, t *Target, due instant, before float64) (instant, error) {
	if err := pause(ctx, due.since(now())); err != nil {
		return 0, err
	}
	for {
		n, err := t.infoNumber("stats", "expired_keys")
		if err != nil {
			return 0, err
		}
		at := now()
		if n-before >= float64(s.keys) {
			// The bystander goes on for a moment: a request that the last slice of work delays was due before it.
			return at, pause(ctx, stormCalm)
		}
		if at > due.add(stormLimit) {
			return 0, fmt.Errorf("%.0f of %d keys were expired after %v", n-before, s.keys, stormLimit)
		}
		if err := pause(ctx, stormPoll); err != nil {
			return 0, err
		}
	}
}
