package resp

import (
	"math"
	"strings"
	"testing"
)

func TestRepliesInBothProtocols(t *testing.T) {
	cases := []struct {
		name         string
		write        func(w *Writer)
		resp2, resp3 string
	}{
		{"ok", func(w *Writer) { w.OK() }, "+OK\r\n", ""},
		{"simple", func(w *Writer) { w.Simple("QUEUED") }, "+QUEUED\r\n", ""},
		{"error", func(w *Writer) { w.Error("ERR no such key") }, "-ERR no such key\r\n", ""},
		{"error with line ends", func(w *Writer) { w.Error("\r\nERR a\r\nb\n") }, "-ERR a  b\r\n", ""},
		{"int", func(w *Writer) { w.Int(0); w.Int(1023); w.Int(1024); w.Int(-1) }, ":0\r\n:1023\r\n:1024\r\n:-1\r\n", ""},
		{"int bounds", func(w *Writer) { w.Int(math.MaxInt64); w.Int(math.MinInt64) },
			":9223372036854775807\r\n:-9223372036854775808\r\n", ""},
		{"bulk", func(w *Writer) { w.Bulk([]byte("a\r\n")); w.Bulk(nil) }, "$3\r\na\r\n\r\n$0\r\n\r\n", ""},
		{"bulk string", func(w *Writer) { w.BulkString("abc") }, "$3\r\nabc\r\n", ""},
		{"bulk int", func(w *Writer) { w.BulkInt(-12); w.BulkInt(math.MinInt64) }, "$3\r\n-12\r\n$20\r\n-9223372036854775808\r\n", ""},
		{"null", func(w *Writer) { w.Null() }, "$-1\r\n", "_\r\n"},
		{"null array", func(w *Writer) { w.NullArray() }, "*-1\r\n", "_\r\n"},
		{"array", func(w *Writer) { w.Array(2) }, "*2\r\n", ""},
		{"map", func(w *Writer) { w.Map(2) }, "*4\r\n", "%2\r\n"},
		{"set", func(w *Writer) { w.Set(2) }, "*2\r\n", "~2\r\n"},
		{"push", func(w *Writer) { w.Push(3) }, "*3\r\n", ">3\r\n"},
		{"attribute", func(w *Writer) { w.Attribute(1) }, "|1\r\n", ""},
		{"bool", func(w *Writer) { w.Bool(true); w.Bool(false) }, ":1\r\n:0\r\n", "#t\r\n#f\r\n"},
		{"double", func(w *Writer) { w.Double(3.1) }, "$3\r\n3.1\r\n", ",3.1\r\n"},
		{"infinite", func(w *Writer) { w.Double(math.Inf(1)); w.Double(math.Inf(-1)) },
			"$3\r\ninf\r\n$4\r\n-inf\r\n", ",inf\r\n,-inf\r\n"},
		{"nan", func(w *Writer) { w.Double(math.NaN()) }, "$3\r\nnan\r\n", ",nan\r\n"},
		{"big number", func(w *Writer) { w.BigNumber("123456789012345678901") }, "$21\r\n123456789012345678901\r\n",
			"(123456789012345678901\r\n"},
		{"verbatim", func(w *Writer) { w.Verbatim("txt", "hi\n") }, "$3\r\nhi\n\r\n", "=7\r\ntxt:hi\n\r\n"},
		{"raw", func(w *Writer) { w.Raw([]byte("+X\r\n")) }, "+X\r\n", ""},
		{"deferred map", func(w *Writer) { d := w.DeferMap(); w.Int(1); w.Int(2); w.Close(d, 1) },
			"*2\r\n:1\r\n:2\r\n", "%1\r\n:1\r\n:2\r\n"},
		{"deferred set", func(w *Writer) { d := w.DeferSet(); w.Int(1); w.Close(d, 1) }, "*1\r\n:1\r\n", "~1\r\n:1\r\n"},
		{"deferred push", func(w *Writer) { d := w.DeferPush(); w.Int(1); w.Close(d, 1) }, "*1\r\n:1\r\n", ">1\r\n:1\r\n"},
		{"deferred empty", func(w *Writer) { w.Close(w.DeferArray(), 0) }, "*0\r\n", ""},
	}
	for _, c := range cases {
		if c.resp3 == "" {
			c.resp3 = c.resp2
		}
		for proto, want := range map[int]string{2: c.resp2, 3: c.resp3} {
			w := Writer{Proto: proto}
			c.write(&w)
			if got := string(w.Buf); got != want {
				t.Errorf("%s, RESP%d: got %q, want %q", c.name, proto, got, want)
			}
		}
	}
}

func TestDeferredLengthsOfAnySizeNest(t *testing.T) {
	for _, n := range []int{0, 1, 9, 10, 99, 100, 1000, 1024, 12345} {
		var got, want Writer
		got.Simple("before")
		outer := got.DeferArray()
		for range n {
			inner := got.DeferArray()
			got.BulkString("x")
			got.Close(inner, 1)
		}
		got.Close(outer, n)
		got.Simple("after")

		want.Simple("before")
		want.Array(n)
		for range n {
			want.Array(1)
			want.BulkString("x")
		}
		want.Simple("after")
		if string(got.Buf) != string(want.Buf) {
			t.Errorf("%d elements: got %.60q, want %.60q", n, got.Buf, want.Buf)
		}
	}
}

func TestTruncateTakesBackAReply(t *testing.T) {
	var w Writer
	w.OK()
	mark := w.Mark()
	d := w.DeferArray()
	w.BulkString("half a reply")
	_ = d
	w.Truncate(mark)
	w.Error("ERR late")
	if got := string(w.Buf); got != "+OK\r\n-ERR late\r\n" {
		t.Errorf("got %q", got)
	}
}

func TestWritingAllocatesNothing(t *testing.T) {
	w := Writer{Buf: make([]byte, 0, 4096)}
	text := strings.Repeat("v", 100)
	for _, proto := range []int{2, 3} {
		w.Proto = proto
		allocs := testing.AllocsPerRun(100, func() {
			w.Truncate(0)
			d := w.DeferMap()
			for i := range 20 {
				w.BulkInt(int64(i) << 40)
				w.Double(3.14159)
			}
			w.Close(d, 20)
			w.Int(123456)
			w.BulkString(text)
			w.Error("ERR x")
			w.Bool(true)
			w.Null()
		})
		if allocs != 0 {
			t.Errorf("RESP%d: %v allocations", proto, allocs)
		}
	}
}

func BenchmarkWriter(b *testing.B) {
	value := []byte(strings.Repeat("v", 32))
	w := Writer{Proto: 2, Buf: make([]byte, 0, 64<<10)}
	run := func(name string, f func()) {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				w.Truncate(0)
				f()
			}
		})
	}
	run("OK", w.OK)
	run("Bulk32", func() { w.Bulk(value) })
	run("Int", func() { w.Int(12) })
	run("IntLarge", func() { w.Int(1234567890) })
	run("Double", func() { w.Double(3.14159) })
	run("Deferred9", func() {
		d := w.DeferArray()
		for range 9 {
			w.Bulk(value)
		}
		w.Close(d, 9)
	})
	run("Deferred100", func() {
		d := w.DeferArray()
		for range 100 {
			w.Bulk(value)
		}
		w.Close(d, 100)
	})
}
