package lifetime

import (
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// What is served depends on when the last probe that arrived was sent, whatever has become of the goroutines that should
// have found out that none arrives.
func TestNearCacheServesOnlyForAsLongAsAProbeProves(t *testing.T) {
	n := &NearCache{options: NearOptions{Every: time.Second}}
	if n.proven(time.Now()) {
		t.Error("proven without any tracker")
	}
	a, b := &nearTracker{cache: n}, &nearTracker{cache: n}
	n.mu.trackers = []*nearTracker{a, b}
	now := time.Now()
	for _, c := range []struct {
		a, b time.Duration
		want bool
	}{{0, 0, true}, {-2 * time.Second, -time.Second, true}, {-2001 * time.Millisecond, 0, false}, {0, -time.Minute, false}} {
		a.mu.proven, b.mu.proven = now.Add(c.a), now.Add(c.b)
		if got := n.proven(now); got != c.want {
			t.Errorf("probes of %v and %v: %v", c.a, c.b, got)
		}
	}
	a.mu.proven, b.mu.proven = now, time.Time{}
	if n.proven(now) {
		t.Error("proven with a connection that was never")
	}
}

func TestNearTrackerTakesOnlyThePresentProbe(t *testing.T) {
	sent := time.Now()
	tr := &nearTracker{}
	tr.mu.token, tr.mu.sent = "now", sent
	for _, payload := range []string{"", "before"} {
		if tr.arrived(&redis.Message{Payload: payload}) || !tr.provenAt().IsZero() {
			t.Errorf("%q was taken for the probe", payload)
		}
	}
	if !tr.arrived(&redis.Message{Payload: "now"}) || !tr.provenAt().Equal(sent) {
		t.Error("the probe was not taken, or proves another instant than when it was sent")
	}
	if tr.arrived(&redis.Message{Payload: "now"}) || tr.arrived(&redis.Message{}) {
		t.Error("a probe was taken twice")
	}
}
