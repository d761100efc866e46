package lifetime_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"github.com/curfewkv/curfew/lifetime"
	"github.com/curfewkv/curfew/test/rig"
)

// region is a Redis of its own, reached through a link, and its relay.
type region struct {
	name   string
	server *rig.Server
	link   *link
	client *redis.Client // of the region's own
	relay  *lifetime.Relay

	mu   sync.Mutex
	gaps []lifetime.Gap
	deaf error // what OnGap answers
}

func newRegion(t *testing.T, name string, settings ...string) *region {
	server := rig.Redis(t, settings...)
	l := newLink(t, server.Addr)
	return &region{name: name, server: server, link: l, client: connect(l)}
}

func connect(l *link) *redis.Client {
	return redis.NewClient(&redis.Options{Addr: l.Addr, MaxRetries: -1, ReadTimeout: time.Second, DialTimeout: time.Second})
}

// follow starts the region's relay, which reads the others over clients of its own.
func (r *region) follow(t *testing.T, options lifetime.RelayOptions, others ...*region) (stop func()) {
	t.Helper()
	options.Region, options.Poll = r.name, 50*time.Millisecond
	options.Sources = map[string]redis.UniversalClient{}
	var clients []*redis.Client
	for _, other := range others {
		c := connect(other.link)
		clients = append(clients, c)
		options.Sources[other.name] = c
	}
	options.OnGap = func(_ context.Context, g lifetime.Gap) error {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.gaps = append(r.gaps, g)
		return r.deaf
	}
	relay, err := lifetime.NewRelay(lifetime.NewInvalidator(r.client, lifetime.InvalidatorOptions{Region: r.name}), options)
	if err != nil {
		t.Fatal(err)
	}
	r.relay = relay
	return func() {
		relay.Close()
		for _, c := range clients {
			c.Close()
		}
	}
}

func (r *region) gapCount() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.gaps)
}

// fill sets keys, and invalidate removes them by way of another region.
func (r *region) fill(t *testing.T, keys []string) {
	t.Helper()
	for _, key := range keys {
		if err := r.client.Set(t.Context(), key, "v", time.Minute).Err(); err != nil {
			t.Fatal(err)
		}
	}
}

func (r *region) left(t *testing.T, keys []string) int {
	n, err := r.client.Exists(t.Context(), keys...).Result()
	if err != nil {
		return -1
	}
	return int(n)
}

func numbered(prefix string, n int) (keys []string) {
	for i := range n {
		keys = append(keys, fmt.Sprint(prefix, ":", i))
	}
	return keys
}

// settled waits until the region has dealt with its first gap, that it was never there.
func (r *region) settled(t *testing.T) {
	t.Helper()
	rig.Eventually(t, r.name+" has a position", func() bool {
		keys, err := r.client.Keys(t.Context(), "lifetime:relay:position:*").Result()
		return err == nil && len(keys) > 0
	})
}

// Whatever happens to the connection or to one of the servers, each invalidation of one region arrives in the other.
func TestRelayLosesNothing(t *testing.T) {
	for name, happen := range map[string]struct {
		begin, end func(t *testing.T, from, to *region)
	}{
		"nothing": {func(*testing.T, *region, *region) {}, func(*testing.T, *region, *region) {}},
		"the source's link is cut": {
			func(_ *testing.T, from, to *region) { from.link.Cut() }, func(*testing.T, *region, *region) {},
		},
		"the source is out of reach for a while": {
			func(t *testing.T, from, _ *region) {
				from.link.Refuse(true)
				from.client.Close()
				from.client = redis.NewClient(&redis.Options{Addr: from.server.Addr})
			},
			func(_ *testing.T, from, _ *region) { from.link.Refuse(false) },
		},
		"clients are killed": {
			func(t *testing.T, from, to *region) {
				from.server.Must(t, "CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
				to.server.Must(t, "CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
			}, func(*testing.T, *region, *region) {},
		},
		"the source dies and comes back": {
			func(t *testing.T, from, _ *region) {
				from.server.Kill()
				if err := from.server.Restart(); err != nil {
					t.Fatal(err)
				}
				from.link.To(from.server.Addr)
			}, func(*testing.T, *region, *region) {},
		},
		"the target dies and comes back": {
			func(t *testing.T, _, to *region) { to.server.Kill() },
			func(t *testing.T, _, to *region) {
				if err := to.server.Restart(); err != nil {
					t.Fatal(err)
				}
				to.link.To(to.server.Addr)
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			from := newRegion(t, "eu", "--appendonly", "yes", "--appendfsync", "always")
			to := newRegion(t, "us", "--appendonly", "yes", "--appendfsync", "always")
			defer goleak.VerifyNone(t, goleak.IgnoreCurrent(), goleak.IgnoreAnyFunction("os/exec.(*Cmd).Wait"))
			defer func() { from.client.Close(); to.client.Close(); from.link.Cut(); to.link.Cut() }()
			keys := numbered("k", 60)
			to.fill(t, keys)
			defer to.follow(t, lifetime.RelayOptions{}, from)()
			defer from.follow(t, lifetime.RelayOptions{}, to)()
			to.settled(t)
			from.settled(t)
			invalidate := func(keys []string) {
				for _, key := range keys {
					rig.Eventually(t, "the source takes an invalidation", func() bool {
						_, err := from.relay.Invalidate(t.Context(), key)
						if errors.Is(err, redis.ErrClosed) {
							from.relay.Close()
							from.follow(t, lifetime.RelayOptions{})
						}
						return err == nil
					})
				}
			}
			invalidate(keys[:20])
			happen.begin(t, from, to)
			invalidate(keys[20:40])
			happen.end(t, from, to)
			invalidate(keys[40:])
			rig.Eventually(t, "all keys are gone in the other region", func() bool { return to.left(t, keys) == 0 })
			if n := to.gapCount(); n != 1 {
				t.Errorf("gaps: %+v; want only the first, for want of a position", to.gaps)
			}
			// Nothing circles: the target's own stream has no entry.
			if n := to.client.XLen(t.Context(), "lifetime:relay").Val(); n != 0 {
				t.Errorf("the target's stream has %d entries", n)
			}
		})
	}
}

func TestRelayGoesOnWhereAnotherProcessStopped(t *testing.T) {
	from, to := newRegion(t, "eu"), newRegion(t, "us")
	defer from.client.Close()
	defer to.client.Close()
	from.follow(t, lifetime.RelayOptions{})
	stop := to.follow(t, lifetime.RelayOptions{}, from)
	to.settled(t)
	stop()
	keys := numbered("k", 1300) // more than one read takes
	to.fill(t, keys)
	for _, key := range keys {
		if _, err := from.relay.Invalidate(t.Context(), key); err != nil {
			t.Fatal(err)
		}
	}
	if n := to.left(t, keys); n != len(keys) {
		t.Fatalf("%d keys are left without a relay", n)
	}
	var h heard
	listening, err := lifetime.NewInvalidator(to.client, lifetime.InvalidatorOptions{}).Listen(t.Context(), h.listener())
	if err != nil {
		t.Fatal(err)
	}
	defer listening.Close()
	defer to.follow(t, lifetime.RelayOptions{Spread: 20 * time.Millisecond}, from)()
	rig.Eventually(t, "all keys are gone", func() bool { return to.left(t, keys) == 0 })
	want := "eu/" + strings.Join(keys, " eu/")
	rig.Eventually(t, "they were published here, as the source's", func() bool { got, _ := h.state(); return got == want })
	if n := to.gapCount(); n != 1 {
		t.Errorf("gaps: %+v", to.gaps)
	}
}

// What was trimmed away, or lost with the stream, cannot be applied: it must be known.
func TestRelayFindsGaps(t *testing.T) {
	for name, c := range map[string]struct {
		lose func(t *testing.T, from *region)
		want string
	}{
		"trimmed by length": {func(t *testing.T, from *region) {
			for _, key := range numbered("x", 900) {
				if _, err := from.relay.Invalidate(t.Context(), key); err != nil {
					t.Fatal(err)
				}
			}
		}, "entries were added"},
		"trimmed wholly": {func(t *testing.T, from *region) {
			if _, err := from.relay.Invalidate(t.Context(), "x"); err != nil {
				t.Fatal(err)
			}
			from.client.XTrimMaxLen(t.Context(), "lifetime:relay", 0)
		}, "1 entries were added and 0 are there"},
		"deleted": {func(t *testing.T, from *region) { from.client.FlushAll(t.Context()) }, "is gone"},
		"an entry of another": {func(t *testing.T, from *region) {
			from.client.XAdd(t.Context(), &redis.XAddArgs{Stream: "lifetime:relay", Values: []string{"a", "b"}})
		}, "is none of a relay"},
		"end lost": {func(t *testing.T, from *region) {
			from.client.FlushAll(t.Context())
			from.client.XAdd(t.Context(), &redis.XAddArgs{Stream: "lifetime:relay", ID: "5-5", Values: []string{"a", "b"}})
		}, "has lost its end"},
	} {
		t.Run(name, func(t *testing.T) {
			from, to := newRegion(t, "eu"), newRegion(t, "us")
			defer from.client.Close()
			defer to.client.Close()
			from.follow(t, lifetime.RelayOptions{MaxLen: 100})
			stop := to.follow(t, lifetime.RelayOptions{}, from)
			to.settled(t)
			to.fill(t, []string{"first", "last"})
			if _, err := from.relay.Invalidate(t.Context(), "first"); err != nil {
				t.Fatal(err)
			}
			rig.Eventually(t, "the first one arrives", func() bool { return to.left(t, []string{"first"}) == 0 })
			stop()
			before := to.gapCount()
			c.lose(t, from)
			to.mu.Lock()
			to.deaf = errors.New("not now")
			to.mu.Unlock()
			defer to.follow(t, lifetime.RelayOptions{}, from)()
			rig.Eventually(t, "the gap is reported again after an error", func() bool { return to.gapCount() >= before+2 })
			if _, err := from.relay.Invalidate(t.Context(), "last"); err != nil && name != "end lost" {
				t.Fatal(err)
			}
			to.mu.Lock()
			to.deaf = nil
			got := to.gaps[before]
			to.mu.Unlock()
			if got.Source != "eu" || !strings.Contains(got.Reason, c.want) || got.From == "" {
				t.Errorf("gap %+v, want %q", got, c.want)
			}
			// A gap covers what was added before it was dealt with; what comes later is applied.
			rig.Eventually(t, "later ones arrive", func() bool {
				_, err := from.relay.Invalidate(t.Context(), "last")
				return err == nil && to.left(t, []string{"last"}) == 0
			})
		})
	}
}

func TestRelayNeedsRegionsThatDiffer(t *testing.T) {
	client := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1"})
	defer client.Close()
	i := lifetime.NewInvalidator(client, lifetime.InvalidatorOptions{})
	sources := map[string]redis.UniversalClient{"eu": client}
	for name, o := range map[string]lifetime.RelayOptions{
		"no region":      {},
		"its own source": {Region: "eu", Sources: sources, OnGap: func(context.Context, lifetime.Gap) error { return nil }},
		"no OnGap":       {Region: "us", Sources: sources},
	} {
		if r, err := lifetime.NewRelay(i, o); err == nil {
			r.Close()
			t.Errorf("%s: no error", name)
		}
	}
}

func TestRelayReportsWhatItCannotDo(t *testing.T) {
	from, to := newRegion(t, "eu"), newRegion(t, "us")
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent(), goleak.IgnoreAnyFunction("os/exec.(*Cmd).Wait"))
	defer func() { from.client.Close(); to.client.Close(); from.link.Cut(); to.link.Cut() }()
	from.client.Set(t.Context(), "lifetime:relay", "not a stream", 0)
	errs := make(chan error, 100)
	defer to.follow(t, lifetime.RelayOptions{OnError: func(source string, err error) {
		select {
		case errs <- fmt.Errorf("%s: %w", source, err):
		default:
		}
	}}, from)()
	if err := <-errs; !strings.Contains(err.Error(), "WRONGTYPE") || !strings.HasPrefix(err.Error(), "eu: ") {
		t.Errorf("got %v", err)
	}
	defer from.follow(t, lifetime.RelayOptions{})()
	from.client.Set(t.Context(), "k", "v", time.Minute)
	if n, err := from.relay.Invalidate(t.Context(), "k"); n != 1 || err == nil {
		t.Errorf("invalidating without a stream: %d, %v; want the key gone, and an error", n, err)
	}
}

// What a region has written itself, and comes back by way of another, is old news there.
func TestRelayLeavesOutWhatItsOwnRegionWrote(t *testing.T) {
	from, to := newRegion(t, "eu"), newRegion(t, "us")
	defer from.client.Close()
	defer to.client.Close()
	defer to.follow(t, lifetime.RelayOptions{}, from)()
	to.settled(t)
	to.fill(t, []string{"own", "others"})
	for _, message := range []string{"2:us,3:own,", "2:eu,6:others,"} {
		if err := from.client.XAdd(t.Context(), &redis.XAddArgs{Stream: "lifetime:relay", Values: []string{"message", message}}).Err(); err != nil {
			t.Fatal(err)
		}
	}
	rig.Eventually(t, "the other region's entry arrives", func() bool { return to.left(t, []string{"others"}) == 0 })
	if to.left(t, []string{"own"}) != 1 {
		t.Error("a region's own entry was applied to it")
	}
}
