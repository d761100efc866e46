package lifetime

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// Errors of locks.
var (
	// ErrLocked: somebody else holds the lock.
	ErrLocked = errors.New("somebody else holds the lock")
	// ErrLockLost: the lock's validity has ended, or somebody else holds it by now.
	ErrLockLost = errors.New("the lock is lost")
	// ErrMaxHold is an ErrLockLost: the lock was held for as long as LockerOptions.MaxHold allows.
	ErrMaxHold = fmt.Errorf("%w: it has been held for the longest time allowed", ErrLockLost)
	// ErrLockReleased: the lock was released by its holder.
	ErrLockReleased = errors.New("the lock was released")
	// ErrLockerClosed: the Locker was closed.
	ErrLockerClosed = errors.New("the locker is closed")
)

// LockerOptions say how a Locker's locks behave.
type LockerOptions struct {
	// TTL is for how long the server keeps a lock that is not extended, and so how long others wait for a holder that has
	// died. 0: 30 s.
	TTL time.Duration
	// MaxHold is for how long a lock can be held at most. Above TTL, locks are extended every third of the TTL until then.
	// 0: TTL, so locks are never extended.
	MaxHold time.Duration
	// RetryPause is the wait between two attempts of Acquire, at most; the first ones are shorter. 0: 250 ms.
	RetryPause time.Duration
	// Prefix stands before the names of locks in the keyspace. Empty: "lock:".
	Prefix string

	Telemetry Telemetry
}

const (
	shortestLock  = 50 * time.Millisecond
	shortestRetry = 5 * time.Millisecond
	// fenceTTL is how long the last number of a lock is kept after the lock was acquired. Numbers go on from the
	// server's clock after that, so it need not be for ever.
	fenceTTL = 7 * 24 * time.Hour
)

// Locker makes locks on a client's server. It is safe for any number of goroutines.
//
// # What such a lock cannot promise
//
// It is kept by one server (of a Cluster: the one of its slot). The server copies it to its replicas after it has
// answered. If it fails before that and a replica takes its place, the lock is not there, and somebody else gets it:
// two hold it. The same follows when the server evicts the key, is flushed, or has its wall clock set forward, because
// Redis keeps deadlines as wall time (Curfew does not). And a process that is stopped, paged out or migrated finds out
// that it has lost its lock only when it runs again; what it had begun to send is sent all the same. A TTL cannot help
// there, and neither can a margin.
//
// So a lock makes double work rare. Where double work is wrong, the thing that is written to has to refuse who is late:
// send it Lock.Fence with each write, and let it refuse a number below the highest that it has seen (Kleppmann, "How to
// do distributed locking", 2016). In SQL: UPDATE ... SET fence = $1 ... WHERE fence <= $1.
//
// # Fencing numbers
//
// Each acquisition has a higher number than those before: the last number plus one, or the server's clock in
// microseconds if that is higher (a hybrid logical clock, Kulkarni et al. 2014). A plain counter would give a number
// twice when a failover loses its last step. This one does not, unless the new server's clock is behind the old one's
// by more than the time between the two acquisitions: keep clocks within that. Neither eviction nor FLUSHALL starts it
// anew. The number fits 53 bits.
type Locker struct {
	client  redis.UniversalClient
	options LockerOptions
	clock   lockClock
	scripts scripting
	work    sync.WaitGroup // keepers, and releases of locks whose acquisition has failed

	mu struct {
		sync.Mutex
		closed bool
		held   map[*Lock]struct{}
	}
}

// NewLocker returns a locker.
func NewLocker(client redis.UniversalClient, options LockerOptions) (*Locker, error) {
	if options.TTL == 0 {
		options.TTL = 30 * time.Second
	}
	if options.MaxHold == 0 {
		options.MaxHold = options.TTL
	}
	if options.RetryPause == 0 {
		options.RetryPause = 250 * time.Millisecond
	}
	if options.Prefix == "" {
		options.Prefix = "lock:"
	}
	switch {
	case client == nil:
		return nil, errNoClient
	case options.TTL < shortestLock || options.TTL > longestTTL:
		return nil, fmt.Errorf("LockerOptions: TTL is %v: it must be from %v to %v", options.TTL, shortestLock, longestTTL)
	case options.MaxHold < options.TTL || options.MaxHold > longestTTL:
		return nil, fmt.Errorf("LockerOptions: MaxHold is %v: it must be from the TTL, %v, to %v", options.MaxHold, options.TTL, longestTTL)
	case options.RetryPause < shortestRetry:
		return nil, fmt.Errorf("LockerOptions: RetryPause is %v: it must be %v or more", options.RetryPause, shortestRetry)
	}
	l := &Locker{client: client, options: options, clock: systemClock{}}
	l.mu.held = map[*Lock]struct{}{}
	return l, nil
}

// TryAcquire takes the lock, or returns ErrLocked if somebody else holds it.
func (l *Locker) TryAcquire(ctx context.Context, name string) (*Lock, error) {
	return l.acquire(ctx, name, func(context.Context, time.Duration) error { return ErrLocked })
}

// Acquire takes the lock, and waits for it as long as ctx allows while somebody else holds it. There is no queue: who asks at
// the right time gets it. A server that does not answer ends the wait with its error; asking again is the caller's choice.
func (l *Locker) Acquire(ctx context.Context, name string) (*Lock, error) {
	return l.acquire(ctx, name, l.wait)
}

// wait passes the time until the next attempt.
func (l *Locker) wait(ctx context.Context, pause time.Duration) error {
	timer, stop := l.clock.timer(l.clock.now() + pause)
	defer stop()
	select {
	case <-timer:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%w: %w", ErrLocked, ctx.Err())
	}
}

func (l *Locker) acquire(
	ctx context.Context, name string, whenLocked func(ctx context.Context, pause time.Duration) error,
) (lock *Lock, err error) {
	ctx, end := l.options.Telemetry.span(ctx, "lifetime.Lock.Acquire", slog.String("lifetime.key", l.options.Prefix+name))
	defer func() {
		l.count(acquisition(err))
		end(err)
	}()
	if name == "" {
		return nil, errors.New("acquire a lock: its name is empty")
	}
	key := l.options.Prefix + name
	pauses := backoff{next: shortestRetry, longest: l.options.RetryPause}
	for attempt := 0; ; attempt++ {
		lock, left, err := l.attempt(ctx, key)
		if err != nil && attempt > 0 && ctx.Err() != nil {
			err = fmt.Errorf("%w: %w", ErrLocked, err) // it was, each time that the server answered
		}
		if err != nil {
			return nil, fmt.Errorf("acquire lock %q: %w", key, err)
		}
		if lock != nil {
			return lock, nil
		}
		if err := whenLocked(ctx, pauses.pause(left)); err != nil {
			return nil, fmt.Errorf("acquire lock %q: %w", key, err)
		}
	}
}

// attempt takes the lock, or says how long somebody else has it yet.
func (l *Locker) attempt(ctx context.Context, key string) (*Lock, time.Duration, error) {
	token := rand.Text()
	sent := l.clock.now()
	fence, left, err := l.seize(ctx, key, token)
	if err != nil {
		if reply := redis.Error(nil); !errors.As(err, &reply) {
			// The reply may have been lost, not the command.
			l.later(func(ctx context.Context) { _, _ = dropOwn(ctx, l.client, &l.scripts, key, token) })
		}
		return nil, 0, err
	}
	if fence == 0 {
		return nil, left, nil
	}
	lock := newLock(ctx, l, key, token, fence, sent)
	if !lock.Valid() {
		l.later(func(ctx context.Context) { _, _ = dropOwn(ctx, l.client, &l.scripts, key, token) })
		return nil, 0, fmt.Errorf("%w: the server took longer than its TTL to answer", ErrLockLost)
	}
	if !l.adopt(lock) {
		_, _ = dropOwn(ctx, l.client, &l.scripts, key, token) // else the TTL ends it
		return nil, 0, ErrLockerClosed
	}
	return lock, 0, nil
}

// adopt begins to watch over a lock, unless the locker is closed.
func (l *Locker) adopt(lock *Lock) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.mu.closed {
		return false
	}
	l.mu.held[lock] = struct{}{}
	l.work.Go(lock.keep)
	return true
}

// laterLimit bounds attempts to tidy up at a server that has not answered before.
const laterLimit = 5 * time.Second

// later does, for Close to wait for, what the caller need not wait for.
func (l *Locker) later(tidy func(context.Context)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.mu.closed {
		return // the TTL does it
	}
	l.work.Go(func() {
		ctx, cancel := context.WithTimeout(context.Background(), laterLimit)
		defer cancel()
		tidy(ctx)
	})
}

// Close releases all locks that are held, and waits for everything that runs for them. It does not close the client.
func (l *Locker) Close() error {
	l.mu.Lock()
	l.mu.closed = true
	held := make([]*Lock, 0, len(l.mu.held))
	for lock := range l.mu.held {
		held = append(held, lock)
	}
	l.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), laterLimit)
	defer cancel()
	var errs []error
	for _, lock := range held {
		if err := lock.Release(ctx); err != nil && !errors.Is(err, ErrLockLost) {
			errs = append(errs, err)
		}
	}
	l.work.Wait()
	return errors.Join(errs...)
}

func (l *Locker) count(result string) { l.options.Telemetry.add(lockTotal, 1, result) }

func acquisition(err error) string {
	switch {
	case err == nil:
		return lockAcquired
	case errors.Is(err, ErrLocked):
		return lockBusy
	}
	return lockError
}
