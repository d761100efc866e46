package lifetime

import (
	"context"
	"errors"
	"time"
)

// keep watches over the lock: it extends it, and ends the work when the lock is no longer valid. It runs on a goroutine
// of the Locker's.
//
// The extension has a goroutine of its own, because a command can outlast the validity, and the work must hear of the
// end in time.
func (k *Lock) keep() {
	defer close(k.kept)
	ttl, clock := k.locker.options.TTL, k.locker.clock
	results := make(chan error, 1)
	extending := false
	started, next := k.began, k.began+ttl/3 // of extensions
	ctx, cancel := context.WithCancel(k.ctx)
	defer func() {
		cancel()
		if extending {
			<-results
		}
	}()
	for {
		now, wake := clock.now(), time.Duration(k.until.Load())
		// First, so that a holder that was paused does not extend what it has lost.
		if now >= wake {
			k.over(ended(k.last()))
			return
		}
		final := k.last()
		if !extending && now >= next && !final {
			extending, started = true, now
			go func() { results <- k.extend(ctx) }()
		}
		if !extending && !final {
			wake = min(wake, next)
		}
		timer, stop := clock.timer(wake)
		select {
		case <-timer:
		case err := <-results:
			extending = false
			next = started + ttl/3
			if err != nil && !errors.Is(err, ErrLockLost) {
				next = clock.now() + ttl/20 // the server does not answer: the validity goes on running
			}
		case <-k.quit:
			stop()
			return
		case <-k.ctx.Done(): // an extension found the lock gone
			stop()
			return
		}
		stop()
	}
}

// last reports whether no extension is of use any more. It does not wait for one that is under way: whoever holds the
// mutex is about to extend or release.
func (k *Lock) last() bool {
	if !k.mu.TryLock() {
		return false
	}
	defer k.mu.Unlock()
	return k.mu.final
}

// ended is why a validity has ended. final: it reached until MaxHold.
func ended(final bool) error {
	if final {
		return ErrMaxHold
	}
	return ErrLockLost
}
