package loop

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// TestRepliesOfATurnAreSentTogether: all ready clients are read and served before the first reply is sent, up to so many.
func TestRepliesOfATurnAreSentTogether(t *testing.T) {
	for _, clients := range []int{1, 3, laterConns + 2} {
		r := newRig(t, 1)
		var ends []*end
		for range clients {
			ends = append(ends, r.connect(0))
		}
		for i, c := range ends {
			c.send("ECHO", fmt.Sprint(i))
		}
		r.turn(0)
		for i, c := range ends {
			if got, want := c.take(), fmt.Sprintf("$%d\r\n%d\r\n", len(fmt.Sprint(i)), i); got != want {
				t.Errorf("client %d of %d got %q", i, clients, got)
			}
		}
		first := min(clients, laterConns)
		want := strings.Repeat("r", first) + strings.Repeat("s", first) + strings.Repeat("r", clients-first) + strings.Repeat("s", clients-first)
		if got := string(r.wire(0).calls); got != want {
			t.Errorf("%d clients: calls %s, want %s", clients, got, want)
		}
		if l := r.loops[0]; len(l.later)+len(l.held) != 0 {
			t.Error("something is still to be sent after the turn")
		}
	}
}

// TestEachClientGetsItsRepliesInOrder, whatever their sizes, however slowly it takes them, and though it leaves behind them.
func TestEachClientGetsItsRepliesInOrder(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 1))
	r := newRig(t, 1)
	const clients = 40
	want := make([]strings.Builder, clients)
	got := make([]strings.Builder, clients)
	var ends []*end
	for range clients {
		ends = append(ends, r.connect(0))
	}
	ask := func(i int) {
		size := rnd.IntN(60)
		if rnd.IntN(8) == 0 {
			size = rnd.IntN(3 * laterBytes)
		}
		text := strings.Repeat(string(rune('a'+rnd.IntN(26))), size)
		ends[i].send("ECHO", text)
		fmt.Fprintf(&want[i], "$%d\r\n%s\r\n", size, text)
	}
	for turn := range 400 {
		for i, c := range ends {
			for range rnd.IntN(4) {
				ask(i)
			}
			if c.takes = -1; rnd.IntN(3) == 0 {
				c.takes = rnd.IntN(2 * laterBytes)
			}
			if turn == 399 {
				c.takes = -1
				c.send("QUIT")
				want[i].WriteString("+OK\r\n")
			}
		}
		r.turn(0)
		for i, c := range ends {
			got[i].WriteString(c.take())
		}
	}
	for range 20 {
		r.turn(0)
	}
	for i, c := range ends {
		got[i].WriteString(c.take())
		if got[i].String() != want[i].String() || !c.closed {
			t.Errorf("client %d: %d bytes of %d, or others; closed %v", i, got[i].Len(), want[i].Len(), c.closed)
		}
	}
}

// TestAReplyIsNotLostWithItsConnection: one that is killed in the turn in which it was served.
func TestAReplyIsNotLostWithItsConnection(t *testing.T) {
	r := newRig(t, 1)
	first, second := r.connect(0), r.connect(0)
	first.send("ECHO", "last words")
	second.send("CLIENT", "KILL", "ID", fmt.Sprint(first.sess.ID))
	r.turn(0)
	r.turn(0)
	if got := first.take(); got != "$10\r\nlast words\r\n" || !first.closed {
		t.Errorf("the killed client got %q, closed %v", got, first.closed)
	}
	if got := second.take(); got != ":1\r\n" {
		t.Errorf("the other got %q", got)
	}
}
