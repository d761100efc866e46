package lifetime

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

// A Lock is held from Acquire to Release, or until it is lost. It is safe for any number of goroutines.
//
// The holder believes in it for its TTL less the time since the command was sent, less a drift of 1% of the TTL and
// 2 ms, by the process's monotonic clock. So the holder's belief ends before the server's does, if both clocks run at
// about the same rate.
type Lock struct {
	locker *Locker
	key    string
	token  string
	fence  int64
	began  time.Duration // when the command was sent
	ctx    context.Context
	cancel context.CancelCauseFunc

	until atomic.Int64  // when the belief ends
	quit  chan struct{} // closed: the keeper shall end
	kept  chan struct{} // closed: it has ended

	mu struct {
		sync.Mutex      // held during commands: extensions and the release come one after another
		final      bool // the TTL reaches until MaxHold: no extension is of use
		released   bool
	}
	quitOnce, overOnce sync.Once
}

func newLock(ctx context.Context, l *Locker, key, token string, fence int64, sent time.Duration) *Lock {
	lock := &Lock{
		locker: l, key: key, token: token, fence: fence, began: sent,
		quit: make(chan struct{}), kept: make(chan struct{}),
	}
	lock.ctx, lock.cancel = context.WithCancelCause(context.WithoutCancel(ctx))
	lock.until.Store(int64(validUntil(sent, l.options.TTL)))
	lock.mu.final = l.options.MaxHold <= l.options.TTL
	return lock
}

// validUntil is when the belief in a TTL ends that was asked for at some moment. The drift is what the Redis documentation
// (page "Distributed Locks with Redis") allows for: clocks that run at different rates, and the server's milliseconds.
func validUntil(sent, ttl time.Duration) time.Duration {
	return sent + ttl - ttl/100 - 2*time.Millisecond
}

// Fence returns the lock's fencing number, which is higher than that of all its holders before. See Locker.
func (k *Lock) Fence() int64 { return k.fence }

// Token returns the secret that the server keeps as the lock's value. It differs for each acquisition.
func (k *Lock) Token() string { return k.token }

// Key returns the lock's key on the server.
func (k *Lock) Key() string { return k.key }

// Remaining returns for how long the lock is valid, if it is not extended; 0 if it is not.
func (k *Lock) Remaining() time.Duration {
	if k.ctx.Err() != nil {
		return 0
	}
	return max(0, time.Duration(k.until.Load())-k.locker.clock.now())
}

// Valid reports whether the lock is held, as far as the holder can know. It asks no server.
func (k *Lock) Valid() bool { return k.Remaining() > 0 }

// Context returns a context for the work under the lock. It has the values of the context of Acquire, not its end, and is
// cancelled when the lock is released or lost: its cause (context.Cause) is ErrLockReleased, ErrMaxHold or ErrLockLost.
// After a pause of the process Valid knows of the loss at once, the context a moment later.
func (k *Lock) Context() context.Context { return k.ctx }

// Extend gives the lock its whole TTL again, or what is left of MaxHold. A Locker with a MaxHold above its TTL does so
// by itself. A lock that was lost stays lost.
func (k *Lock) Extend(ctx context.Context) (err error) {
	ctx, end := k.locker.options.Telemetry.span(ctx, "lifetime.Lock.Extend", slog.String("lifetime.key", k.key))
	defer func() { end(err) }()
	if err = k.extend(ctx); err != nil {
		return fmt.Errorf("extend lock %q: %w", k.key, err)
	}
	return nil
}

func (k *Lock) extend(ctx context.Context) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	now := k.locker.clock.now()
	left := k.began + k.locker.options.MaxHold - now
	switch {
	case k.ctx.Err() != nil:
		return context.Cause(k.ctx)
	case k.mu.final:
		return ErrMaxHold
	case !k.Valid():
		// The server may still have it, but the holder's work has already been told otherwise, or will be in a moment.
		return ErrLockLost
	}
	ttl := min(k.locker.options.TTL, left)
	own, err := prolong(ctx, k.locker.client, &k.locker.scripts, k.key, k.token, ttl)
	switch {
	case err != nil:
		return err
	case !own:
		k.over(ErrLockLost)
		return ErrLockLost
	case k.ctx.Err() != nil: // the validity ended before the reply came
		return context.Cause(k.ctx)
	}
	// Never backwards: the last extension, up to MaxHold, is shorter than the TTL.
	k.until.Store(max(k.until.Load(), int64(validUntil(now, ttl))))
	k.mu.final = ttl == left
	k.locker.count(lockExtended)
	return nil
}

// Release gives the lock back, if it is still the holder's; else it returns ErrLockLost, or ErrMaxHold, and the work may
// have been done twice. The lock's context ends, and nothing extends the lock any more. After another error, Release can
// be called again, or the server ends the lock with its TTL. A ctx that has ended does not release anything.
func (k *Lock) Release(ctx context.Context) (err error) {
	ctx, end := k.locker.options.Telemetry.span(ctx, "lifetime.Lock.Release", slog.String("lifetime.key", k.key))
	defer func() { end(err) }()
	k.quitOnce.Do(func() { close(k.quit) })
	select {
	case <-k.kept:
	case <-ctx.Done(): // an extension is under way to a server that does not answer
		return fmt.Errorf("release lock %q: %w", k.key, ctx.Err())
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.mu.released {
		return nil
	}
	if !k.Valid() {
		k.over(ended(k.mu.final))
	}
	before := context.Cause(k.ctx)
	// A lost lock is deleted too, if the server still has it: nobody has to wait for its end.
	own, err := dropOwn(ctx, k.locker.client, &k.locker.scripts, k.key, k.token)
	switch {
	case err != nil:
		k.locker.count(lockError)
		k.over(ErrLockReleased) // the command may have been run
		return fmt.Errorf("release lock %q: %w", k.key, err)
	case errors.Is(before, ErrLockLost):
		return fmt.Errorf("release lock %q: %w", k.key, before)
	case !own && before == nil:
		k.over(ErrLockLost)
		return fmt.Errorf("release lock %q: %w", k.key, ErrLockLost)
	}
	k.mu.released = true
	k.over(ErrLockReleased)
	return nil
}

// over ends the work under the lock, for the first reason that is given.
func (k *Lock) over(cause error) {
	k.overOnce.Do(func() {
		l := k.locker
		l.mu.Lock()
		delete(l.mu.held, k)
		l.mu.Unlock()
		result := lockLost
		switch {
		case errors.Is(cause, ErrMaxHold):
			result = lockMaxHold
		case errors.Is(cause, ErrLockReleased):
			result = lockReleased
		}
		l.count(result)
		l.options.Telemetry.observe(lockHoldSeconds, (l.clock.now() - k.began).Seconds())
		k.cancel(cause)
	})
}
