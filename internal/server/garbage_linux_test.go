package server

import (
	"strings"
	"testing"
	"time"
)

func TestHeapGuard(t *testing.T) {
	const mb = 1 << 20
	g := new(heapGuard)
	for _, step := range []struct {
		what              string
		resident, buffers int64
		now               time.Duration
		due               bool
		after             int64 // resident after the collection
	}{
		{"small", 60 * mb, 0, 0, false, 0},
		{"buffers in use", 900 * mb, 890 * mb, 0, false, 0},
		{"the same, gone", 900 * mb, 0, 0, true, 100 * mb},
		{"again too soon", 900 * mb, 0, 4 * time.Second, false, 0},
		{"what cannot be gained", 160 * mb, 0, 6 * time.Second, false, 0},
		{"beyond that", 170 * mb, 0, 6 * time.Second, true, 20 * mb},
		{"the floor has sunk", 90 * mb, 0, 20 * time.Second, true, 5 * mb},
	} {
		if got := g.due(step.resident, step.buffers, int64(step.now)); got != step.due {
			t.Fatalf("%s: due = %v", step.what, got)
		}
		if step.due {
			g.collected(step.after, step.buffers, int64(step.now))
		}
	}
}

// After a burst of large replies to a client that did not read them, their memory goes back to the system soon.
func TestBuffersOfAGoneClientAreGivenBack(t *testing.T) {
	socket := start(t)
	c := dial(t, socket)
	ask(t, c, "SET", "k", strings.Repeat("x", 60_000)) // replies with a larger one share it
	burst := dial(t, socket)
	if _, err := burst.Write([]byte(strings.Repeat("GET k\r\n", 7000))); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(20 * time.Second); residentHeap() < 300<<20; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d bytes: the replies were not kept", residentHeap())
		}
	}
	burst.Close()
	for deadline := time.Now().Add(30 * time.Second); residentHeap() > 2*heapSlack; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d bytes are still resident", residentHeap())
		}
	}
}
