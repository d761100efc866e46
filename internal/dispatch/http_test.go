package dispatch_test

import (
	"testing"

	"github.com/curfewkv/curfew/internal/session/sessiontest"
)

// A page that makes a browser post commands here gets nothing run and nothing answered.
func TestBrowserIsCutOff(t *testing.T) {
	for _, head := range []string{
		"POST / HTTP/1.1\r\n", "post /\r\n", "GET / HTTP/1.1\r\nHost: example.org\r\n",
		"*2\r\n$5\r\nhOsT:\r\n$1\r\nx\r\n", "MULTI\r\nPOST / HTTP/1.1\r\nEXEC\r\n",
	} {
		s := sessiontest.New(t)
		c := s.Connect()
		s.Dispatch.Worker(0).Process(c.Session, []byte(head+"SET k v\r\n"))
		if len(c.Out.Buf) != 0 || !c.CloseAfter {
			t.Errorf("%q: answered %q, closed: %v", head, c.Out.Buf, c.CloseAfter)
		}
		other := s.Connect()
		s.Dispatch.Worker(0).Process(other.Session, []byte("EXISTS k\r\n"))
		if got := string(other.Out.Buf); got != ":0\r\n" {
			t.Errorf("%q: the command behind it was run: EXISTS said %q", head, got)
		}
	}
}

// What only looks like such a line is an unknown command like any other, and a key may have any name.
func TestNotABrowser(t *testing.T) {
	for in, want := range map[string]string{
		"HOST x\r\n":         "-ERR unknown command 'HOST', with args beginning with: 'x' \r\n",
		"POSTS\r\n":          "-ERR unknown command 'POSTS', with args beginning with: \r\n",
		"SET post Host:\r\n": "+OK\r\n",
	} {
		s := sessiontest.New(t)
		c := s.Connect()
		s.Dispatch.Worker(0).Process(c.Session, []byte(in))
		if got := string(c.Out.Buf); got != want || c.CloseAfter {
			t.Errorf("%q: %q, closed: %v", in, got, c.CloseAfter)
		}
	}
}
