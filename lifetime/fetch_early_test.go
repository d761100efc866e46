package lifetime

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

func TestEarlyRefreshFollowsXFetch(t *testing.T) {
	const seed, draws = 7, 200_000
	random := rand.New(rand.NewPCG(seed, seed))
	for _, c := range []struct {
		left, cost time.Duration
		beta       float64
	}{
		{time.Second, time.Second, 1}, {time.Second, 100 * time.Millisecond, 1}, {2 * time.Second, time.Second, 2},
		{50 * time.Millisecond, 100 * time.Millisecond, 0.5}, {time.Minute, time.Second, 1},
	} {
		count := 0
		for range draws {
			if refreshNow(c.left, c.cost, c.beta, 1-random.Float64()) {
				count++
			}
		}
		// -cost*beta*ln(u) >= left holds with probability e^(-left/(cost*beta)).
		want := math.Exp(-float64(c.left) / (float64(c.cost) * c.beta))
		got := float64(count) / draws
		if bound := 5*math.Sqrt(want*(1-want)/draws) + 1e-9; math.Abs(got-want) > bound {
			t.Errorf("seed %d: %+v: refreshed with frequency %v, want %v within %v", seed, c, got, want, bound)
		}
	}
}

func TestEarlyRefreshCanBeOff(t *testing.T) {
	for _, beta := range []float64{0, -1, math.Inf(-1)} {
		if refreshNow(1, time.Hour, beta, 1e-300) {
			t.Errorf("beta %v refreshes", beta)
		}
	}
	if refreshNow(1, 0, 1, 1e-300) {
		t.Error("a load that costs nothing is refreshed early")
	}
	if refreshNow(1, time.Hour, 1, 1) {
		t.Error("u of 1 refreshes")
	}
}

func TestCircuitLetsOneCallerAPauseThrough(t *testing.T) {
	now := time.Duration(0)
	c := &circuit{pause: time.Second, now: func() time.Duration { return now }}
	asked := func() (n int) {
		for range 10 {
			if c.closed() {
				n++
			}
		}
		return n
	}
	for range circuitThreshold - 1 {
		c.failed()
	}
	if n := asked(); n != 10 {
		t.Errorf("below the threshold %d of 10 may ask", n)
	}
	c.failed()
	if n := asked(); n != 0 {
		t.Errorf("with an open circuit %d may ask", n)
	}
	now += time.Second
	if n := asked(); n != 1 {
		t.Errorf("after the pause %d may ask, want 1", n)
	}
	c.failed()
	now += time.Second - 1
	if n := asked(); n != 0 {
		t.Errorf("after another failure %d may ask", n)
	}
	now++
	if n := asked(); n != 1 {
		t.Errorf("after the second pause %d may ask, want 1", n)
	}
	c.succeeded()
	if n := asked(); n != 10 {
		t.Errorf("after a success %d of 10 may ask", n)
	}
}
