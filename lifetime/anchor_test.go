package lifetime

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/curfewkv/curfew/test/rig"
)

func repeated(n int, t trip) []trip {
	all := make([]trip, n)
	for i := range all {
		all[i] = t
	}
	return all
}

func TestAnAnchorIsWithinItsBound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		host := newHostTime()
		ms := rapid.Int64Range(0, int64(50*time.Millisecond))
		server := &skewedServer{host: host, ahead: time.Duration(rapid.Int64Range(-int64(time.Hour), int64(time.Hour)).Draw(t, "ahead"))}
		for range 40 {
			server.trips = append(server.trips, trip{time.Duration(ms.Draw(t, "there")), time.Duration(ms.Draw(t, "back"))})
		}
		a, err := NewAnchor(t.Context(), server, AnchorOptions{ClockOptions: ClockOptions{Samples: 4, now: host.now}, Every: -1})
		if err != nil {
			t.Fatal(err)
		}
		defer a.Close()
		for range 5 {
			passed := time.Duration(rapid.Int64Range(0, int64(24*time.Hour)).Draw(t, "passed"))
			host.pass(passed)
			// The server's clock runs fast or slow meanwhile.
			ppm := rapid.Int64Range(-driftPPM, driftPPM).Draw(t, "ppm")
			server.ahead += passed / 1_000_000 * time.Duration(ppm)
			truth := host.now().Add(server.ahead)
			if off := a.Now().Sub(truth).Abs(); off > a.Bound() {
				t.Fatalf("off by %v, bound %v", off, a.Bound())
			}
			if err := a.Refresh(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestAnAnchorTellsOfSteps(t *testing.T) {
	host := newHostTime()
	server := &skewedServer{host: host, ahead: time.Second, trips: repeated(6, trip{time.Millisecond, time.Millisecond})}
	var steps []time.Duration
	a, err := NewAnchor(t.Context(), server, AnchorOptions{
		ClockOptions: ClockOptions{Samples: 1, now: host.now}, Every: -1, OnStep: func(by time.Duration) { steps = append(steps, by) },
	})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	host.pass(time.Minute)
	for _, ahead := range []time.Duration{time.Second, time.Second + time.Millisecond, 6 * time.Second, time.Second} {
		server.ahead = ahead
		if err := a.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if len(steps) != 2 || (steps[0]-4999*time.Millisecond).Abs() > time.Millisecond || (steps[1]+5*time.Second).Abs() > time.Millisecond {
		t.Errorf("steps %v", steps)
	}
	server.trips = nil
	was, bound := a.Now(), a.Bound()
	if err := a.Refresh(t.Context()); !errors.Is(err, errUnplugged) {
		t.Errorf("got %v", err)
	}
	host.pass(time.Hour)
	if a.Now().Sub(was) != time.Hour || a.Bound()-bound != time.Hour/1_000_000*driftPPM {
		t.Errorf("after an hour without an answer it is %v later, bound %v", a.Now().Sub(was), a.Bound())
	}
	if _, err := NewAnchor(t.Context(), server, AnchorOptions{}); !errors.Is(err, errUnplugged) {
		t.Errorf("an Anchor to nothing: %v", err)
	}
}

// countingServer counts how often its clock is read.
type countingServer struct {
	TimeSource
	n atomic.Int64
}

func (s *countingServer) Time(ctx context.Context) *redis.TimeCmd {
	s.n.Add(1)
	return s.TimeSource.Time(ctx)
}

func TestAnAnchorKeepsUpUntilItIsClosed(t *testing.T) {
	server := &countingServer{TimeSource: clientOf(t, rig.Redis(t).Addr, 0)}
	server.Time(t.Context()) // the client's own goroutines are there now
	before := goleak.IgnoreCurrent()
	a, err := NewAnchor(t.Context(), server, AnchorOptions{ClockOptions: ClockOptions{Samples: 2}, Every: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	rig.Eventually(t, "the clock is read again", func() bool { return server.n.Load() > 6 })
	if err := a.Close(); err != nil {
		t.Error(err)
	}
	n := server.n.Load()
	if err := goleak.Find(before); err != nil {
		t.Error(err)
	}
	if server.n.Load() != n {
		t.Error("it is read after Close")
	}
}

func TestDeadlinesOfAnAnchorAreTheServers(t *testing.T) {
	redisServer := rig.Redis(t)
	client := clientOf(t, redisServer.Addr, 0)
	ctx := t.Context()
	// The server's clock is an hour ahead of this host's, as the Anchor sees it.
	ahead := pipeClient(t, timeAnswers(func() time.Time { return time.Now().Add(time.Hour) }))
	a, err := NewAnchor(ctx, ahead, AnchorOptions{Every: -1})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	if off := (time.Until(a.Now()) - time.Hour).Abs(); off > a.Bound()+time.Second {
		t.Errorf("Now is off by %v", off)
	}
	// Half an hour from here has passed there.
	if _, err := a.ExpireAt(time.Now().Add(30*time.Minute)).Expire(ctx, client, "k"); !errors.Is(err, ErrInPast) {
		t.Errorf("got %v", err)
	}
	e := a.ExpireIn(10 * time.Minute)
	for _, key := range []string{"a", "b"} {
		if err := e.Set(ctx, client, key, "v"); err != nil {
			t.Fatal(err)
		}
	}
	if x, y := client.PExpireTime(ctx, "a").Val(), client.PExpireTime(ctx, "b").Val(); x != y || x.Milliseconds() != e.Instant().UnixMilli() {
		t.Errorf("a ends at %v, b at %v", x, y)
	}
}
