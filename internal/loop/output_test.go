package loop

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/curfewkv/curfew/resp"
)

// value is shared memory that counts how often it is released.
type value struct {
	b        []byte
	released int
}

func (v *value) Bytes() []byte { return v.b }
func (v *value) Release()      { v.released++ }

// What is sent, in pieces of any size, is what was added, in its order; what was shared is released once it is sent.
func TestOutputKeepsItsOrder(t *testing.T) {
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 0))
	for range 100 {
		var o output
		var want, got []byte
		var values []*value
		bytesOf := func(n int) []byte {
			b := make([]byte, n)
			for i := range b {
				b[i] = byte(r.Uint32())
			}
			return b
		}
		send := func() {
			left := 1 + r.IntN(3000)
			sent := 0
			for _, p := range o.pieces(nil) {
				n := min(len(p), left)
				got = append(got, p[:n]...)
				left -= n
				sent += n
			}
			o.drop(sent)
		}
		for range 100 {
			switch r.IntN(4) {
			case 0:
				b := bytesOf(r.IntN(10_000))
				want = append(want, b...)
				o.add(b)
				clear(b) // the loop's buffer is used again
			case 1:
				w := resp.Writer{Buf: make([]byte, 0, 100)}
				for range r.IntN(4) {
					v := &value{b: bytesOf(r.IntN(2000))}
					values = append(values, v)
					w.BulkShared(v)
					w.Int(int64(r.IntN(1000)))
				}
				want = w.AppendTo(want)
				buf, refs := w.Take()
				o.adopt(buf, cap(buf), refs)
			default:
				send()
			}
			if o.size != len(want)-len(got) {
				t.Fatalf("seed %d: %d bytes wait, want %d", seed, o.size, len(want)-len(got))
			}
		}
		for o.size > 0 {
			send()
		}
		o.drop(0)
		if !bytes.Equal(got, want) {
			t.Fatalf("seed %d: %d bytes were sent, want %d; equal: false", seed, len(got), len(want))
		}
		if o.own != 0 || len(o.blocks) != 0 {
			t.Fatalf("seed %d: %d bytes in %d blocks are left", seed, o.own, len(o.blocks))
		}
		for _, v := range values {
			if v.released != 1 {
				t.Fatalf("seed %d: released %d times", seed, v.released)
			}
		}
	}
}

func TestWhatIsNotSentIsReleasedWithTheConnection(t *testing.T) {
	v := &value{b: make([]byte, 5000)}
	var w resp.Writer
	w.OK()
	w.BulkShared(v)
	w.OK()
	var o output
	buf, refs := w.Take()
	o.adopt(buf, cap(buf), refs)
	o.drop(3000)
	if v.released != 0 {
		t.Error("released while half of it waits")
	}
	o.free()
	if v.released != 1 || o.own != 0 || o.size != 0 {
		t.Errorf("released %d times; %d bytes of memory and %d to be sent are left", v.released, o.own, o.size)
	}
}

// Adding to what waits copies what is added, and nothing else.
func TestAddingCopiesNothingThatWaits(t *testing.T) {
	var o output
	at := map[*byte]bool{}
	for range 2000 {
		o.add(make([]byte, 3000))
		for i := range o.blocks {
			at[&o.blocks[i].b[0]] = true
		}
	}
	if len(at) != len(o.blocks) {
		t.Errorf("%d blocks were at %d places", len(o.blocks), len(at))
	}
	if limit := o.size + o.size/8; o.own > limit {
		t.Errorf("%d bytes of memory for %d", o.own, o.size)
	}
	if len(o.blocks) > 60 {
		t.Errorf("%d blocks", len(o.blocks))
	}
}
