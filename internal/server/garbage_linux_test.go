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
		gained            int64
	}{
		{"small", 60 * mb, 0, 0, false, 0},
		{"buffers in use", 900 * mb, 890 * mb, 0, false, 0},
		{"buffers that are counted as gone, and were in use a moment longer", 900 * mb, 0, 0, true, 10 * mb},
		{"again too soon", 900 * mb, 0, 4 * time.Second, false, 0},
		{"now they are gone", 900 * mb, 0, 6 * time.Second, true, 700 * mb},
		{"what cannot be gained", 190 * mb, 0, 12 * time.Second, true, 0},
		{"is not tried for as soon", 190 * mb, 0, 20 * time.Second, false, 0},
		{"but in the end", 190 * mb, 0, 23 * time.Second, true, 0},
		{"ever more seldom", 190 * mb, 0, 40 * time.Second, false, 0},
	} {
		if got := g.due(step.resident, step.buffers, int64(step.now)); got != step.due {
			t.Fatalf("%s: due = %v", step.what, got)
		}
		if step.due {
			g.collected(step.gained, int64(step.now))
		}
	}
	for range 20 {
		g.collected(0, 0)
	}
	if g.next != collectSeldom {
		t.Errorf("in the end a collection is due every %v", time.Duration(g.next))
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
