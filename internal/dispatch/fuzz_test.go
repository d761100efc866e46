package dispatch_test

import (
	"bytes"
	"testing"
)

// FuzzProcess feeds any bytes, whole and in two pieces: nothing breaks, and the replies do not depend on the pieces.
func FuzzProcess(f *testing.F) {
	f.Add([]byte(pipeline()), 100)
	f.Add([]byte("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nv\r\n*1\r\n$4\r\nEXEC\r\nmulti\r\nget k\r\nexec\r\n"), 30)
	f.Add([]byte("client pause 100 write\r\nset k v\r\nget k\r\n"), 5)
	f.Add([]byte("watch k\r\nmulti\r\nset k 1 px 1\r\ncopy k l\r\nexec\r\nclient reply skip\r\nquit\r\n"), 50)
	f.Add([]byte("POST / HTTP/1.1\r\nHost: x\r\n"), 7)
	f.Fuzz(func(t *testing.T, in []byte, split int) {
		if len(in) > 1<<16 || bytes.Contains(bytes.ToLower(in), []byte("random")) {
			return // RANDOMKEY answers differently each time
		}
		run := func(pieces ...[]byte) string {
			r := newRig(t)
			c := r.connect()
			got := ""
			for _, p := range pieces {
				if !c.CloseAfter {
					got += c.feed(string(p))
				}
			}
			r.Pause.End()
			if !c.CloseAfter {
				got += c.feed("")
			}
			return got
		}
		whole := run(in)
		split = min(max(split, 0), len(in))
		if got := run(in[:split], in[split:]); got != whole {
			t.Errorf("split at %d: %q, whole %q", split, got, whole)
		}
	})
}
