package loop

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/curfewkv/curfew/resp"
)

// feed gives what p parses to in as a connection does, at most step bytes at a time, and returns the most memory that was
// taken beyond what had come.
func feed(t *testing.T, in *input, p *resp.Parser, request []byte, step int) (beyond int) {
	t.Helper()
	for at := 0; ; {
		var args [][]byte
		args, n, err := p.Next(in.buf, args, nil)
		if err != nil {
			t.Fatal(err)
		}
		if n > 0 {
			if n != len(in.buf) || !bytes.Equal(in.buf, request) || len(args) < 2 {
				t.Fatalf("%d of %d bytes make a request of %d arguments", n, len(in.buf), len(args))
			}
			return beyond
		}
		room := in.room(p.Need())
		if len(room) == 0 {
			t.Fatalf("no room behind %d bytes", len(in.buf))
		}
		n = copy(room[:min(step, len(room))], request[at:])
		in.buf = in.buf[:len(in.buf)+n]
		at += n
		beyond = max(beyond, in.bytes()-2*len(in.buf))
	}
}

func TestMemoryFollowsWhatHasCome(t *testing.T) {
	value := bytes.Repeat([]byte("x"), 3<<20)
	many := make([][]byte, 2000)
	for i := range many {
		many[i] = value[:1500]
	}
	for name, request := range map[string][]byte{
		"a large argument": resp.AppendCommandBytes(nil, []byte("SET"), []byte("k"), value),
		"many arguments":   resp.AppendCommandBytes(nil, many...),
		"a small one":      resp.AppendCommandBytes(nil, []byte("SET"), []byte("k"), value[:20000]),
	} {
		for _, step := range []int{1000, 64 << 10, len(request)} {
			var in input
			var p resp.Parser
			if beyond := feed(t, &in, &p, request, step); beyond > growIn {
				t.Errorf("%s, %d bytes at a time: %d bytes more than twice what had come", name, step, beyond)
			}
			in.free()
		}
	}
	if n := mappings.Load(); n != 0 {
		t.Errorf("%d mappings are left", n)
	}
}

// What was announced and has not come takes nothing, in however many pieces the little that came did.
func TestAnAnnouncedLengthTakesNoMemory(t *testing.T) {
	var in input
	var p resp.Parser
	defer in.free()
	in.keep([]byte("*2\r\n$4\r\nECHO\r\n$500000000\r\n"), 0)
	for range 100 {
		if _, _, err := p.Next(in.buf, nil, nil); err != nil {
			t.Fatal(err)
		}
		in.room(p.Need())[0] = 'x'
		in.buf = in.buf[:len(in.buf)+1]
	}
	if in.bytes() > 2*growIn {
		t.Errorf("%d bytes for %d", in.bytes(), len(in.buf))
	}
}

// A large argument is received where it is parsed: its bytes are moved once, while there are few.
func TestALargeArgumentIsNotCopiedOnItsWay(t *testing.T) {
	request := resp.AppendCommandBytes(nil, []byte("SET"), []byte("k"), make([]byte, 8<<20))
	var in input
	var p resp.Parser
	defer in.free()
	moved, at := 0, 0
	for at < len(request) {
		p.Next(in.buf, nil, nil)
		var before *byte
		if len(in.buf) > 0 {
			before = &in.buf[0]
		}
		room := in.room(p.Need())
		if before != nil && before != &in.buf[0] {
			moved += len(in.buf)
		}
		n := copy(room[:min(len(room), 32<<10)], request[at:])
		in.buf = in.buf[:len(in.buf)+n]
		at += n
	}
	if moved > 4*keepIn {
		t.Errorf("%d bytes were moved for a request of %d", moved, len(request))
	}
}

func TestTheRestOfARequestIsKept(t *testing.T) {
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 0))
	for range 200 {
		var in input
		want := []byte{}
		for range 50 {
			if len(want) == 0 { // as from the loop's buffer
				want = fmt.Appendf(want, "%0*d", 1+r.IntN(2000), r.IntN(1000))
				in.keep(want, 0)
			} else {
				room := in.room(r.IntN(4 << 20))
				n := min(r.IntN(len(room)), r.IntN(100_000))
				for i := range room[:n] {
					room[i] = byte(r.Uint32())
				}
				want = append(want, room[:n]...)
				in.buf = in.buf[:len(in.buf)+n]
			}
			used := r.IntN(len(want) + 1)
			in.keep(in.buf[used:], r.IntN(1<<20))
			if want = want[used:]; !bytes.Equal(in.buf, want) {
				t.Fatalf("seed %d: %d bytes are not those %d that were kept", seed, len(in.buf), len(want))
			}
			if len(want) == 0 && in.bytes() != 0 {
				t.Fatalf("seed %d: at rest %d bytes are kept", seed, in.bytes())
			}
		}
		in.free()
	}
	if n := mappings.Load(); n != 0 {
		t.Errorf("%d mappings are left", n)
	}
}

// A request that is longer than a client may have unprocessed is not run, even where its last part comes at once.
func TestARequestOverTheLimitIsNotRun(t *testing.T) {
	r := newRig(t, 1)
	c := r.connect(0)
	c.send("CONFIG", "SET", "client-query-buffer-limit", "1mb")
	r.turn(0)
	if got := c.take(); got != "+OK\r\n" {
		t.Fatal(got)
	}
	c.send("ECHO", strings.Repeat("x", 3<<20))
	for range 100 {
		r.turn(0)
	}
	if got := c.take(); !c.closed || got != "" {
		t.Errorf("closed: %v, with a reply of %d bytes", c.closed, len(got))
	}
}
