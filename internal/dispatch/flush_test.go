package dispatch_test

import (
	"testing"

	"github.com/curfewkv/curfew/internal/session/sessiontest"
	"github.com/curfewkv/curfew/resp"
)

// A client that does not read its replies must not keep its requests from being run: the caller would ask forever.
func TestRequestsRunWhileRepliesWaitUnsent(t *testing.T) {
	s := sessiontest.New(t)
	c := s.Connect()
	c.Out.Buf = make([]byte, 1<<20)
	in := resp.AppendCommand(nil, "ping")
	if n, more := s.Dispatch.Worker(0).Process(c.Session, in); n != len(in) || more {
		t.Errorf("consumed %d of %d bytes, more: %v", n, len(in), more)
	}
}
