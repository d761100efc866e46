package loop

import (
	"testing"
	"time"

	"github.com/curfewkv/curfew/internal/command"
)

// patience bounds waits for what comes at once.
const patience = 20 * time.Second

// crawl is a command that runs off the loops until it is let go, or its client has gone.
type crawl struct {
	begun, let, ended chan struct{}
}

func newCrawl() *crawl {
	return &crawl{make(chan struct{}, 10), make(chan struct{}, 10), make(chan struct{}, 10)}
}

func (l *crawl) specs() []*command.Spec {
	return []*command.Spec{{
		Name: "crawl", Arity: 1, Flags: command.ReadOnly, Long: func(*command.Ctx) bool { return true }, Apart: l.run,
		Run: func(*command.Ctx) error { panic("run on a loop") },
	}}
}

func (l *crawl) run(c *command.Ctx) error {
	l.begun <- struct{}{}
	defer func() { l.ended <- struct{}{} }()
	for !c.Abandoned() {
		select {
		case <-l.let:
			c.Out.OK()
			return nil
		case <-time.After(time.Millisecond):
		}
	}
	return nil
}

// expect waits for what a channel tells.
func expect(t *testing.T, what string, c <-chan struct{}) {
	t.Helper()
	select {
	case <-c:
	case <-time.After(patience):
		t.Fatal(what + ": not in time")
	}
}
