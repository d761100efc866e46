package lifetime

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// driftPPM bounds by how much a server's clock and this host's run apart, in millionths: 100 for each, several times
// what RFC 5905 takes for a common one (15), as virtual machines have worse.
const driftPPM = 200

// AnchorOptions say how an Anchor keeps up with its server. The zero value is fit for use.
type AnchorOptions struct {
	ClockOptions

	Every   time.Duration          // between readings of the server's clock; 0: a minute; negative: only when Refresh is called
	OnError func(error)            // is told of readings that failed; the Anchor goes on with what it knows
	OnStep  func(by time.Duration) // is told when the server's clock has moved further than drift explains
}

// An Anchor is a server's clock, seen from here: what TIME says, corrected by half of the round trip, running on by
// this host's monotonic clock. Steps of this host's wall clock do not move it.
//
// It is for deadlines that several keys, or the program itself, share with the server: a TTL that is sent as a number of
// seconds begins when it arrives, and later again when it is sent again, while a Deadline stays the same.
//
// An Anchor belongs to the server that it was made with. A client that follows a failover asks the new primary from
// then on; until the next reading the Anchor is off by the skew between the two, which ClockSkew tells. In a Cluster
// each node has a clock of its own: make an Anchor for each, from ClusterClockNodes. While this host sleeps, its
// monotonic clock may stand still; the next reading corrects that.
type Anchor struct {
	server  TimeSource
	options AnchorOptions
	host    hostClock

	mu    sync.Mutex
	known ClockOffset   // guarded by mu
	at    time.Duration // of the host's clock, when known was measured; guarded by mu

	stop    context.CancelFunc
	stopped sync.WaitGroup
}

// NewAnchor reads the server's clock, and keeps reading it until Close. It must be one server: see TimeSource.
func NewAnchor(ctx context.Context, server TimeSource, options AnchorOptions) (*Anchor, error) {
	if options.Every == 0 {
		options.Every = time.Minute
	}
	if err := checkSource(server); err != nil {
		return nil, fmt.Errorf("anchor: %w", err)
	}
	a := idleAnchor(server, options)
	if err := a.Refresh(ctx); err != nil {
		return nil, err
	}
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	a.stop = stop
	if options.Every > 0 {
		a.stopped.Go(func() { a.keepUp(background) })
	}
	return a, nil
}

// idleAnchor knows nothing before its first Refresh, and has nothing to close.
func idleAnchor(server TimeSource, options AnchorOptions) *Anchor {
	clock := options.clock()
	return &Anchor{server: server, options: options, host: hostClock{epoch: clock(), now: clock}}
}

// Close ends the readings. What the Anchor knows stays, and grows old.
func (a *Anchor) Close() error {
	a.stop()
	a.stopped.Wait()
	return nil
}

func (a *Anchor) keepUp(ctx context.Context) {
	ticker := time.NewTicker(a.options.Every)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if err := a.Refresh(ctx); err != nil && a.options.OnError != nil && !errors.Is(err, context.Canceled) {
			a.options.OnError(err)
		}
	}
}

// Refresh reads the server's clock now. When that fails, what was known stays.
func (a *Anchor) Refresh(ctx context.Context) error {
	ctx, end := a.options.Telemetry.span(ctx, "lifetime.Anchor.Refresh")
	offset, err := measureOffset(ctx, a.server, a.options.samples(), a.host)
	if err != nil {
		err = fmt.Errorf("reading the server's clock: %w", err)
		end(err)
		return err
	}
	end(nil)
	a.mu.Lock()
	now := a.host.elapsed()
	step := offset.Offset - a.known.Offset
	stepped := a.known.Samples > 0 && step.Abs() > a.boundLocked(now)+offset.Bound
	a.known, a.at = offset, now
	a.mu.Unlock()
	if stepped && a.options.OnStep != nil {
		a.options.OnStep(step)
	}
	return nil
}

// Now is the server's time, give or take Bound.
func (a *Anchor) Now() time.Time {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.host.epoch.Add(a.host.elapsed() + a.known.Offset).Round(0)
}

// age is how long ago the server's clock was read; known is false when it never was.
func (a *Anchor) age() (age time.Duration, known bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.host.elapsed() - a.at, a.known.Samples > 0
}

// Bound is how far Now may be off: half of the round trip of the last reading, and what the clocks may have drifted
// apart since.
func (a *Anchor) Bound() time.Duration {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.boundLocked(a.host.elapsed())
}

// REQUIRES: a.mu is held.
func (a *Anchor) boundLocked(now time.Duration) time.Duration {
	return a.known.Bound + (now-a.at)/1_000_000*driftPPM
}

// Deadline is the instant at which a key ends that is to live for ttl from now on, by the server's clock.
func (a *Anchor) Deadline(ttl time.Duration) time.Time {
	return time.UnixMilli(a.Now().Add(ttl).UnixMilli()).UTC()
}

// ExpireAt is the package's ExpireAt, judged by the server's clock instead of this host's.
func (a *Anchor) ExpireAt(at time.Time, options ...ExpireAtOption) Expiration {
	return ExpireAt(at, append([]ExpireAtOption{WithClock(a.Now)}, options...)...)
}

// ExpireIn is an Expiration for keys that are to end together, ttl from now on: it can be set on any number of keys, and
// again, without growing. Jitter goes into ttl, if keys are to end apart.
func (a *Anchor) ExpireIn(ttl time.Duration, options ...ExpireAtOption) Expiration {
	return a.ExpireAt(a.Deadline(ttl), options...)
}
