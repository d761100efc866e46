package dispatch_test

import (
	"testing"

	"github.com/curfewkv/curfew/internal/session/sessiontest"
	"github.com/curfewkv/curfew/resp"
)

func TestGetAndSetDoNotAllocate(t *testing.T) {
	s := sessiontest.New(t)
	c := s.Connect()
	w := s.Dispatch.Worker(0)
	c.Out.Buf = make([]byte, 0, 1<<10)
	for _, words := range [][]string{{"set", "key", "value"}, {"set", "key", "value", "ex", "10"}, {"get", "key"}, {"get", "absent"}} {
		in := resp.AppendCommand(nil, words...)
		if n := testing.AllocsPerRun(100, func() {
			c.Out.Buf = c.Out.Buf[:0]
			w.Process(c.Session, in)
		}); n != 0 {
			t.Errorf("%q: %v allocations", words, n)
		}
	}
}
