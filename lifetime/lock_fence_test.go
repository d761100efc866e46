package lifetime

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/curfewkv/curfew/test/rig"
)

func TestLockNumbersGoOnWhenTheLastOneIsLost(t *testing.T) {
	onServers(t, func(t *testing.T, client *redis.Client) {
		l, _ := newTestLocker(t, client, LockerOptions{})
		number := beside("lock:x", "fence")
		last := int64(0)
		for _, loss := range []func(){
			func() {},
			func() { client.Del(t.Context(), number) },
			func() { client.FlushAll(t.Context()) },
			func() { client.Set(t.Context(), number, "no number", 0) },
			func() {},
		} {
			loss()
			lock := mustTry(t, l, "x")
			if lock.Fence() <= last {
				t.Errorf("number %d after %d", lock.Fence(), last)
			}
			last = lock.Fence()
			if err := lock.Release(t.Context()); err != nil {
				t.Error(err)
			}
		}
		// A server whose clock was set back goes on by ones.
		ahead := time.Now().Add(24 * time.Hour).UnixMicro()
		client.Set(t.Context(), number, ahead, 0)
		lock := mustTry(t, l, "x")
		if lock.Fence() != ahead+1 {
			t.Errorf("number %d after %d", lock.Fence(), ahead)
		}
		_ = lock.Release(t.Context())
		client.Set(t.Context(), number, "nan", 0) // which is a number to Lua, and less than none
		if lock = mustTry(t, l, "x"); lock.Fence() <= 0 {
			t.Errorf("number %d after something else than a number", lock.Fence())
		}
		_ = lock.Release(t.Context())
		client.Set(t.Context(), number, int64(longestFence), 0)
		if _, err := l.TryAcquire(t.Context(), "x"); err == nil || !strings.Contains(err.Error(), "beyond 53 bits") {
			t.Errorf("a number beyond 53 bits: %v", err)
		}
	})
}

// The client sends a command again when its reply was lost.
func TestLockIsNotLostToItsOwnResend(t *testing.T) {
	onServers(t, func(t *testing.T, client *redis.Client) {
		l, _ := newTestLocker(t, client, LockerOptions{})
		first, _, err := l.seize(t.Context(), "lock:x", "token")
		if err != nil || first == 0 {
			t.Fatal(first, err)
		}
		if again, _, err := l.seize(t.Context(), "lock:x", "token"); err != nil || again != first {
			t.Errorf("number %d, then %d, %v", first, again, err)
		}
		if other, left, err := l.seize(t.Context(), "lock:x", "another"); err != nil || other != 0 || left <= 29*time.Second {
			t.Errorf("number %d, %v left, %v", other, left, err)
		}
	})
}

// What Locker's documentation says about failover: two hold the lock, and the numbers tell who is late.
func TestLockAfterAFailoverThatLostIt(t *testing.T) {
	// Servers that stop at once: neither waits for the other.
	settings := []string{"--repl-diskless-sync-delay", "0", "--shutdown-timeout", "0"}
	primary, replica := rig.Redis(t, settings...), rig.Redis(t, settings...)
	before, after := fetchClient(t, primary.Addr), fetchClient(t, replica.Addr)
	host, port, _ := strings.Cut(primary.Addr, ":")
	if err := after.ReplicaOf(t.Context(), host, port).Err(); err != nil {
		t.Fatal(err)
	}
	old, _ := newTestLocker(t, before, LockerOptions{TTL: time.Minute})
	early := mustTry(t, old, "x")
	eventually(t, "the first number is replicated", func() bool {
		return after.Get(t.Context(), "lock:x").Val() == early.Token()
	})
	if err := early.Release(t.Context()); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the release is replicated", func() bool { return after.Exists(t.Context(), "lock:x").Val() == 0 })

	// From here on the replica hears nothing; it will be promoted.
	if err := after.ReplicaOf(t.Context(), "NO", "ONE").Err(); err != nil {
		t.Fatal(err)
	}
	lost := mustTry(t, old, "x") // acknowledged by the old primary only
	if !lost.Valid() {
		t.Fatal("the lock is not valid")
	}
	promoted, _ := newTestLocker(t, after, LockerOptions{TTL: time.Minute})
	second := mustTry(t, promoted, "x")
	if !lost.Valid() || !second.Valid() {
		t.Error("both believe in the lock: no lock on one server can prevent that")
	}
	// A counter would have given one number twice: the replica knew of early's only.
	if early.Fence() >= lost.Fence() || lost.Fence() >= second.Fence() {
		t.Errorf("numbers %d, %d, %d", early.Fence(), lost.Fence(), second.Fence())
	}
	storage := &register{}
	for _, w := range []struct {
		lock *Lock
		late bool
	}{{lost, false}, {second, false}, {lost, true}} {
		if err := storage.write(w.lock.Fence(), "v"); (err != nil) != w.late {
			t.Errorf("number %d: %v", w.lock.Fence(), err)
		}
	}
	// The old primary comes back as a replica: the holder hears of it at its next step.
	host, port, _ = strings.Cut(replica.Addr, ":")
	if err := before.ReplicaOf(t.Context(), host, port).Err(); err != nil {
		t.Fatal(err)
	}
	if err := lost.Release(t.Context()); err == nil || errors.Is(err, ErrLockReleased) {
		t.Errorf("released on a replica: %v", err)
	}
	if got := after.Get(t.Context(), "lock:x").Val(); got != second.Token() {
		t.Errorf("the lock is %q's, want %q's", got, second.Token())
	}
}
