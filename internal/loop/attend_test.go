package loop

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/curfewkv/curfew/internal/node"
	"github.com/curfewkv/curfew/resp"
)

// turns lets a loop serve until a condition holds.
func (r *rig) turns(what string, done func() bool) {
	r.t.Helper()
	for end := time.Now().Add(patience); !done(); {
		if r.turn(0); time.Now().After(end) {
			r.t.Fatal(what + ": not in time")
		}
	}
}

// What a client asked before it closed its side is answered to the end, also where others are served in between.
func TestTheEndOfInputLosesNoRequestThatWaitsForATurn(t *testing.T) {
	l := newCrawl()
	r := newRigWith(t, 1, node.Options{Commands: l.specs()})
	c := r.connect(0)
	const n, size = 50, 100_000
	c.send("SET", "big", strings.Repeat("x", size))
	r.turns("the reply", func() bool { return c.take() != "" })
	c.send("CRAWL")
	c.sends += strings.Repeat(string(resp.AppendCommand(nil, "GET", "big")), n)
	c.send("PING")
	r.turns("the command", func() bool { return c.sends == "" && len(l.begun) > 0 })
	c.ended = true
	r.turns("the end of input", func() bool { return c.eof })
	l.let <- struct{}{}
	r.turns("the end of the connection", func() bool { return c.closed })
	want := "+OK\r\n" + strings.Repeat(fmt.Sprintf("$%d\r\n%s\r\n", size, strings.Repeat("x", size)), n) + "+PONG\r\n"
	if got := c.take(); got != want {
		t.Errorf("%d bytes of replies, want %d", len(got), len(want))
	}
}

// A request that waits for what others do is not run for a client that has closed its side, also while that one still takes
// replies.
func TestARequestThatWaitsEndsWithItsClient(t *testing.T) {
	r := newRig(t, 1)
	c, other := r.connect(0), r.connect(0)
	c.takes = 0
	c.send("PING")
	r.turns("a reply that waits", func() bool { return c.unsent() > 0 })
	other.send("CLIENT", "PAUSE", "1000", "WRITE")
	r.turns("the pause", func() bool { return other.take() != "" })
	c.send("SET", "ghost", "x")
	r.turns("the wait", func() bool { return c.sess.Park != nil })
	c.ended = true
	r.turns("the end of input", func() bool { return c.eof })
	other.send("CLIENT", "UNPAUSE")
	r.turns("the end of the pause", func() bool { return other.take() != "" })
	r.turn(0)
	c.takes = -1
	r.turns("the end of the connection", func() bool { return c.closed })
	other.send("EXISTS", "ghost")
	r.turns("the answer", func() bool { return other.got.Len() > 0 })
	if got, last := other.take(), c.take(); got != ":0\r\n" || last != "+PONG\r\n" {
		t.Errorf("%q for what a client that left has written; it took %q", got, last)
	}
}
