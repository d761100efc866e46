package lifetime

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"github.com/curfewkv/curfew/test/rig"
)

func newTestLocker(t testing.TB, client redis.UniversalClient, options LockerOptions) (*Locker, *steppedClock) {
	options.Telemetry.Metrics = NewRecorder()
	l, err := NewLocker(client, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	clock := newSteppedClock()
	l.clock = clock
	return l, clock
}

func (l *Locker) counted(result string) int {
	return int(l.options.Telemetry.Metrics.(*Recorder).Value("lifetime_lock_total", result))
}

func mustTry(t testing.TB, l *Locker, name string) *Lock {
	t.Helper()
	lock, err := l.TryAcquire(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	return lock
}

// lostWith waits until the work under the lock is told that it is over, and checks why.
func lostWith(t testing.TB, lock *Lock, cause error) {
	t.Helper()
	select {
	case <-lock.Context().Done():
	case <-time.After(20 * time.Second):
		t.Fatal("the work is not told that the lock is lost")
	}
	if got := context.Cause(lock.Context()); !errors.Is(got, cause) {
		t.Errorf("cause %v, want %v", got, cause)
	}
	if lock.Valid() || lock.Remaining() != 0 {
		t.Errorf("a lost lock is valid for %v", lock.Remaining())
	}
}

func TestLockIsHeldByOneAtATimeAndNumbersRise(t *testing.T) {
	onServers(t, func(t *testing.T, client *redis.Client) {
		a, _ := NewLocker(client, LockerOptions{RetryPause: 20 * time.Millisecond})
		b, _ := NewLocker(client, LockerOptions{RetryPause: 20 * time.Millisecond})
		defer a.Close()
		defer b.Close()
		var inside, last atomic.Int64
		var wait sync.WaitGroup
		for i := range 10 {
			wait.Go(func() {
				for range 5 {
					lock, err := []*Locker{a, b}[i%2].Acquire(t.Context(), "report")
					if err != nil {
						t.Error(err)
						return
					}
					if n := inside.Add(1); n != 1 {
						t.Errorf("%d hold the lock", n)
					}
					if before := last.Swap(lock.Fence()); before >= lock.Fence() {
						t.Errorf("number %d after %d", lock.Fence(), before)
					}
					inside.Add(-1)
					if err := lock.Release(t.Context()); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wait.Wait()
		if n := client.Exists(t.Context(), "lock:report").Val(); n != 0 {
			t.Error("the lock is left")
		}
		if left := client.PTTL(t.Context(), beside("lock:report", "fence")).Val(); left <= 6*24*time.Hour || left > fenceTTL {
			t.Errorf("the number is kept for %v", left)
		}
	})
}

func TestLockOfSomebodyElseIsLeftAlone(t *testing.T) {
	onServers(t, func(t *testing.T, client *redis.Client) {
		a, _ := newTestLocker(t, client, LockerOptions{TTL: time.Minute, MaxHold: time.Hour})
		b, _ := newTestLocker(t, client, LockerOptions{TTL: time.Minute})
		lock := mustTry(t, a, "x")
		if _, err := b.TryAcquire(t.Context(), "x"); !errors.Is(err, ErrLocked) {
			t.Fatalf("a held lock was given: %v", err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		b.clock = systemClock{}
		if _, err := b.Acquire(ctx, "x"); !errors.Is(err, ErrLocked) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("waiting in vain: %v", err)
		}
		client.Del(t.Context(), "lock:x") // as if its TTL had ended early: eviction, a step of the server's clock
		other := mustTry(t, b, "x")
		if other.Fence() <= lock.Fence() {
			t.Errorf("number %d after %d", other.Fence(), lock.Fence())
		}
		if err := lock.Extend(t.Context()); !errors.Is(err, ErrLockLost) {
			t.Errorf("another's lock was extended: %v", err)
		}
		lostWith(t, lock, ErrLockLost)
		if err := lock.Release(t.Context()); !errors.Is(err, ErrLockLost) {
			t.Errorf("another's lock was released: %v", err)
		}
		if got := client.Get(t.Context(), "lock:x").Val(); got != other.Token() {
			t.Errorf("the lock is %q's, want %q's", got, other.Token())
		}
		if err := other.Release(t.Context()); err != nil {
			t.Error(err)
		}
		if a.counted(lockLost) != 1 || a.counted(lockAcquired) != 1 || b.counted(lockBusy) != 2 || b.counted(lockReleased) != 1 {
			t.Errorf("lost %d, acquired %d, busy %d, released %d", a.counted(lockLost), a.counted(lockAcquired), b.counted(lockBusy), b.counted(lockReleased))
		}
	})
}

func TestLockIsValidForItsTTLLessElapsedAndDrift(t *testing.T) {
	client := fetchClient(t, rig.Redis(t).Addr)
	l, clock := newTestLocker(t, client, LockerOptions{TTL: 10 * time.Second})
	lock := mustTry(t, l, "x")
	const whole = 10*time.Second - 100*time.Millisecond - 2*time.Millisecond
	if got := lock.Remaining(); got != whole {
		t.Errorf("valid for %v, want %v", got, whole)
	}
	for _, step := range []time.Duration{time.Hour, -2 * time.Hour, -365 * 24 * time.Hour, 5 * time.Second} {
		clock.setWall(step)
		if got := lock.Remaining(); got != whole {
			t.Errorf("the time of day was set by %v: valid for %v, want %v", step, got, whole)
		}
	}
	clock.advance(whole - 1)
	if lock.Remaining() != 1 || !lock.Valid() || lock.Context().Err() != nil {
		t.Errorf("just before the end: %v", lock.Remaining())
	}
	if err := lock.Extend(t.Context()); !errors.Is(err, ErrMaxHold) {
		t.Errorf("beyond MaxHold: %v", err)
	}
	clock.advance(1)
	if lock.Valid() {
		t.Error("valid after its end")
	}
	lostWith(t, lock, ErrMaxHold)
	if err := lock.Release(t.Context()); !errors.Is(err, ErrLockLost) {
		t.Errorf("release after the end: %v", err)
	}
	if client.Exists(t.Context(), "lock:x").Val() != 0 {
		t.Error("the server still has what its holder has given back")
	}
}

// register is a thing that is written to under a lock, and refuses who is late.
type register struct {
	highest int64
	value   string
}

func (r *register) write(fence int64, value string) error {
	if fence < r.highest {
		return fmt.Errorf("number %d is late: %d was here", fence, r.highest)
	}
	r.highest, r.value = fence, value
	return nil
}

func TestLockHolderThatWasPausedLearnsOfItsLoss(t *testing.T) {
	onServers(t, func(t *testing.T, client *redis.Client) {
		l, clock := newTestLocker(t, client, LockerOptions{TTL: 10 * time.Second, MaxHold: time.Hour})
		rival, _ := newTestLocker(t, client, LockerOptions{})
		storage := &register{}
		paused := mustTry(t, l, "x")
		if err := storage.write(paused.Fence(), "first"); err != nil {
			t.Fatal(err)
		}
		clock.advance(time.Minute) // the process stood still: no timer of its fired in between
		if paused.Valid() {
			t.Error("valid after a pause beyond its TTL")
		}
		lostWith(t, paused, ErrLockLost)
		if l.counted(lockExtended) != 0 {
			t.Error("a lock was extended that was lost")
		}
		client.Del(t.Context(), "lock:x") // the server has ended it meanwhile
		successor := mustTry(t, rival, "x")
		if err := storage.write(successor.Fence(), "second"); err != nil {
			t.Error(err)
		}
		if err := storage.write(paused.Fence(), "late"); err == nil || storage.value != "second" {
			t.Errorf("the late write passed: %q", storage.value)
		}
		if err := paused.Extend(t.Context()); !errors.Is(err, ErrLockLost) {
			t.Errorf("extended: %v", err)
		}
		if err := paused.Release(t.Context()); !errors.Is(err, ErrLockLost) {
			t.Errorf("released: %v", err)
		}
		if !successor.Valid() || client.Get(t.Context(), "lock:x").Val() != successor.Token() {
			t.Error("the successor has lost its lock to the late one")
		}
	})
}

func TestLockIsExtendedUntilMaxHold(t *testing.T) {
	onServers(t, func(t *testing.T, client *redis.Client) {
		l, clock := newTestLocker(t, client, LockerOptions{TTL: 30 * time.Second, MaxHold: 65 * time.Second})
		lock := mustTry(t, l, "x")
		// Each step of a third of the TTL brings one extension, until the lock reaches MaxHold: at 10, 20, 30, 40 s.
		for step := 1; step <= 4; step++ {
			client.PExpire(t.Context(), "lock:x", time.Second)
			clock.advance(10 * time.Second)
			eventually(t, fmt.Sprintf("extension %d", step), func() bool { return l.counted(lockExtended) == step })
			held := time.Duration(step) * 10 * time.Second
			ttl := min(30*time.Second, 65*time.Second-held)
			if left := client.PTTL(t.Context(), "lock:x").Val(); left <= ttl-5*time.Second || left > ttl {
				t.Errorf("held for %v: the server keeps it for %v, want %v", held, left, ttl)
			}
			if got, most := lock.Remaining(), ttl-ttl/100-2*time.Millisecond; got > most || got < most-time.Second {
				t.Errorf("held for %v: valid for %v, want %v", held, got, most)
			}
		}
		if err := lock.Extend(t.Context()); !errors.Is(err, ErrMaxHold) {
			t.Errorf("beyond MaxHold: %v", err)
		}
		clock.advance(lock.Remaining() - 1)
		if !lock.Valid() || l.counted(lockExtended) != 4 {
			t.Errorf("%d extensions; valid %v", l.counted(lockExtended), lock.Valid())
		}
		clock.advance(1)
		lostWith(t, lock, ErrMaxHold)
		if clock.now() >= 65*time.Second || l.counted(lockMaxHold) != 1 {
			t.Errorf("ended after %v", clock.now())
		}
	})
}

func TestLockThatTheServerLostIsSeenAtTheNextExtension(t *testing.T) {
	client := fetchClient(t, rig.Redis(t).Addr)
	l, clock := newTestLocker(t, client, LockerOptions{TTL: 30 * time.Second, MaxHold: time.Hour})
	lock := mustTry(t, l, "x")
	client.FlushAll(t.Context())
	if !lock.Valid() {
		t.Error("the holder cannot know yet")
	}
	clock.advance(10 * time.Second)
	lostWith(t, lock, ErrLockLost)
}

func TestLockWithAServerThatIsGone(t *testing.T) {
	server := rig.Redis(t)
	before := goleak.IgnoreCurrent()
	var down atomic.Bool
	client := redis.NewClient(&redis.Options{
		Addr: server.Addr, MaxRetries: -1, DialerRetries: 1,
		Dialer: func(ctx context.Context, network, addr string) (net.Conn, error) {
			if down.Load() {
				return nil, errors.New("no route")
			}
			return (&net.Dialer{}).DialContext(ctx, network, addr)
		},
	})
	l, clock := newTestLocker(t, client, LockerOptions{TTL: 30 * time.Second, MaxHold: time.Hour})
	lock := mustTry(t, l, "x")
	down.Store(true)
	server.Stop()
	for _, try := range []func(context.Context, string) (*Lock, error){l.TryAcquire, l.Acquire} {
		if _, err := try(t.Context(), "y"); err == nil || errors.Is(err, ErrLocked) {
			t.Errorf("acquired from a server that is gone: %v", err)
		}
	}
	clock.advance(10 * time.Second)
	if err := lock.Extend(t.Context()); err == nil || errors.Is(err, ErrLockLost) {
		t.Errorf("extended at a server that is gone: %v", err)
	}
	if !lock.Valid() {
		t.Error("one failed extension is no loss: the server has promised the TTL")
	}
	for lock.Valid() {
		clock.advance(time.Second)
	}
	lostWith(t, lock, ErrLockLost)
	if clock.now() > 30*time.Second {
		t.Errorf("believed until %v", clock.now())
	}
	if err := lock.Release(t.Context()); err == nil {
		t.Error("released at a server that is gone")
	}
	_ = l.Close()
	_ = client.Close()
	goleak.VerifyNone(t, before)
}

// stuck holds commands back while it is locked.
type stuck struct{ sync.RWMutex }

func (s *stuck) DialHook(next redis.DialHook) redis.DialHook { return next }

func (s *stuck) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		s.RLock()
		defer s.RUnlock()
		return next(ctx, cmd)
	}
}

func (s *stuck) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func TestLockEndsInTimeWhenAnExtensionHangs(t *testing.T) {
	client := fetchClient(t, rig.Redis(t).Addr)
	hook := &stuck{}
	client.AddHook(hook)
	l, clock := newTestLocker(t, client, LockerOptions{TTL: 30 * time.Second, MaxHold: time.Hour})
	lock := mustTry(t, l, "x")
	hook.Lock()
	clock.advance(10 * time.Second)
	eventually(t, "the extension is under way", func() bool {
		if lock.mu.TryLock() {
			lock.mu.Unlock()
			return false
		}
		return true
	})
	clock.advance(20 * time.Second)
	lostWith(t, lock, ErrLockLost)
	hook.Unlock()
	if err := lock.Release(t.Context()); !errors.Is(err, ErrLockLost) {
		t.Errorf("release: %v", err)
	}
	if client.Exists(t.Context(), "lock:x").Val() != 0 {
		t.Error("the late extension keeps a lock that nobody holds")
	}
}

func TestLockIsGivenBackOnceAndByClose(t *testing.T) {
	server := rig.Redis(t)
	before := goleak.IgnoreCurrent()
	client := redis.NewClient(&redis.Options{Addr: server.Addr})
	l, err := NewLocker(client, LockerOptions{MaxHold: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	one, two := mustTry(t, l, "one"), mustTry(t, l, "two")
	for range 2 {
		if err := one.Release(t.Context()); err != nil {
			t.Error(err)
		}
	}
	lostWith(t, one, ErrLockReleased)
	if err := one.Extend(t.Context()); !errors.Is(err, ErrLockReleased) {
		t.Errorf("extended after release: %v", err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	lostWith(t, two, ErrLockReleased)
	if n := client.Exists(t.Context(), "lock:one", "lock:two").Val(); n != 0 {
		t.Errorf("%d locks are left", n)
	}
	if _, err := l.TryAcquire(t.Context(), "three"); !errors.Is(err, ErrLockerClosed) {
		t.Errorf("acquired from a closed locker: %v", err)
	}
	if client.Exists(t.Context(), "lock:three").Val() != 0 {
		t.Error("a closed locker left a lock")
	}
	_ = client.Close()
	goleak.VerifyNone(t, before)
}

func TestLockRefusesBadArguments(t *testing.T) {
	client := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1"})
	defer client.Close()
	for _, o := range []LockerOptions{
		{TTL: time.Millisecond}, {TTL: -time.Second}, {TTL: time.Minute, MaxHold: time.Second}, {RetryPause: -1}, {TTL: 1 << 62},
	} {
		if _, err := NewLocker(client, o); err == nil || !strings.HasPrefix(err.Error(), "LockerOptions: ") {
			t.Errorf("%+v: %v", o, err)
		}
	}
	l, _ := NewLocker(client, LockerOptions{})
	defer l.Close()
	if _, err := l.TryAcquire(t.Context(), ""); err == nil || !strings.Contains(err.Error(), "name is empty") {
		t.Error(err)
	}
}
