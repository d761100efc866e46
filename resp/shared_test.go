package resp

import (
	"strings"
	"testing"
)

// counted is shared memory that counts how often it is released.
type counted struct {
	text     string
	released int
}

func (c *counted) Bytes() []byte { return []byte(c.text) }
func (c *counted) Release()      { c.released++ }

// sent is what a transport would send of what w has written; it releases what was shared.
func sent(w *Writer) string {
	buf, refs := w.Take()
	var b strings.Builder
	at := 0
	for _, r := range refs {
		b.Write(buf[at:r.At])
		b.Write(r.Shared.Bytes())
		r.Shared.Release()
		at = r.At
	}
	b.Write(buf[at:])
	return b.String()
}

func TestASharedStringIsWrittenInItsPlace(t *testing.T) {
	for _, n := range []int{0, 1, 9, 10, 99, 1000} {
		var got, want Writer
		var all []*counted
		for i, w := range []*Writer{&got, &want} {
			w.Simple("before")
			outer := w.DeferArray()
			for range n {
				inner := w.DeferMap()
				w.BulkString("key")
				c := &counted{text: strings.Repeat("v", 20)}
				if i == 0 {
					all = append(all, c)
					w.BulkShared(c)
				} else {
					w.BulkString(c.text)
				}
				w.Close(inner, 1)
			}
			w.Close(outer, n)
			w.BulkString("after")
		}
		if got.Len() != len(want.Buf) {
			t.Errorf("%d strings: %d bytes, want %d", n, got.Len(), len(want.Buf))
		}
		if text := string(got.AppendTo([]byte("> "))); text != "> "+string(want.Buf) {
			t.Errorf("%d strings: a copy of it is %.80q, want %.80q", n, text, want.Buf)
		}
		if text := sent(&got); text != string(want.Buf) {
			t.Errorf("%d strings: got %.80q, want %.80q", n, text, want.Buf)
		}
		if got.Len() != 0 {
			t.Errorf("%d bytes are left", got.Len())
		}
		for _, c := range all {
			if c.released != 1 {
				t.Fatalf("released %d times", c.released)
			}
		}
	}
}

func TestASharedStringIsReleasedOnce(t *testing.T) {
	kept, late, empty := &counted{text: "kept"}, &counted{text: "late"}, &counted{}
	var w Writer
	w.BulkShared(kept)
	mark := w.Mark()
	w.BulkShared(empty)
	d := w.DeferArray()
	w.BulkShared(late)
	_ = d
	w.Truncate(mark)
	if n := late.released + empty.released; n != 0 {
		t.Errorf("Truncate, which may be called under a lock, released %d", n)
	}
	w.Truncate(mark)
	w.Error("ERR late")
	if got, want := w.Len(), len("$4\r\nkept\r\n-ERR late\r\n"); got != want {
		t.Errorf("%d bytes, want %d", got, want)
	}
	if got := sent(&w); got != "$4\r\nkept\r\n-ERR late\r\n" {
		t.Errorf("got %q", got)
	}
	w.Reset()
	if kept.released != 1 || late.released != 1 || empty.released != 1 {
		t.Errorf("released: sent %d times, truncated %d and %d", kept.released, late.released, empty.released)
	}
	reset := &counted{text: "reset"}
	w.BulkShared(reset)
	w.Reset()
	if got := sent(&w); got != "" || reset.released != 1 {
		t.Errorf("after Reset %q is left; released %d times", got, reset.released)
	}
}

func TestAppendMovesWhatIsShared(t *testing.T) {
	one, two, gone := &counted{text: "one"}, &counted{text: "two"}, &counted{text: "gone"}
	var w, from Writer
	w.BulkShared(one)
	from.OK()
	from.BulkShared(two)
	mark := from.Mark()
	from.BulkShared(gone)
	from.Truncate(mark)
	w.Append(&from)
	if from.Len() != 0 {
		t.Errorf("%d bytes are left", from.Len())
	}
	from.Reset()
	if got := sent(&w); got != "$3\r\none\r\n+OK\r\n$3\r\ntwo\r\n" {
		t.Errorf("got %q", got)
	}
	if one.released != 1 || two.released != 1 || gone.released != 1 {
		t.Errorf("released %d, %d and %d times", one.released, two.released, gone.released)
	}
}
