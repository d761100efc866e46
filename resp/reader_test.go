package resp

import (
	"errors"
	"io"
	"math"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
)

func readOne(s string) (Value, error) {
	return NewReader(strings.NewReader(s)).Read()
}

func TestReaderKnowsAllTypes(t *testing.T) {
	cases := []struct {
		in   string
		want Value
	}{
		{"+OK\r\n", Value{Type: '+', Str: "OK"}},
		{"+\r\n", Value{Type: '+'}},
		{"-ERR x\r\n", Value{Type: '-', Str: "ERR x"}},
		{":-12\r\n", Value{Type: ':', Int: -12}},
		{":+12\r\n", Value{Type: ':', Int: 12}},
		{"$3\r\na\r\n\r\n", Value{Type: '$', Str: "a\r\n"}},
		{"$0\r\n\r\n", Value{Type: '$'}},
		{"$-1\r\n", Value{Type: '$', Null: true}},
		{"*-1\r\n", Value{Type: '*', Null: true}},
		{"_\r\n", Value{Type: '_', Null: true}},
		{"#t\r\n", Value{Type: '#', Bool: true}},
		{"#f\r\n", Value{Type: '#'}},
		{",1.5e3\r\n", Value{Type: ',', Float: 1500, Str: "1.5e3"}},
		{",-inf\r\n", Value{Type: ',', Float: math.Inf(-1), Str: "-inf"}},
		{"(-12345678901234567890\r\n", Value{Type: '(', Str: "-12345678901234567890"}},
		{"!5\r\nERR x\r\n", Value{Type: '!', Str: "ERR x"}},
		{"=7\r\ntxt:a:b\r\n", Value{Type: '=', Format: "txt", Str: "a:b"}},
		{"*0\r\n", Value{Type: '*', Array: []Value{}}},
		{"*2\r\n:1\r\n*1\r\n+a\r\n", Value{Type: '*', Array: []Value{
			{Type: ':', Int: 1}, {Type: '*', Array: []Value{{Type: '+', Str: "a"}}}}}},
		{"%1\r\n+k\r\n:1\r\n", Value{Type: '%', Array: []Value{{Type: '+', Str: "k"}, {Type: ':', Int: 1}}}},
		{"~1\r\n:1\r\n", Value{Type: '~', Array: []Value{{Type: ':', Int: 1}}}},
		{">1\r\n:1\r\n", Value{Type: '>', Array: []Value{{Type: ':', Int: 1}}}},
		{"|1\r\n+ttl\r\n:5\r\n+OK\r\n", Value{Type: '+', Str: "OK", Attr: []Value{{Type: '+', Str: "ttl"}, {Type: ':', Int: 5}}}},
	}
	for _, c := range cases {
		got, err := readOne(c.in)
		if err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%q: got %+v, %v; want %+v", c.in, got, err, c.want)
		}
		got, err = NewReader(iotest.OneByteReader(strings.NewReader(c.in))).Read()
		if err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%q by bytes: got %+v, %v; want %+v", c.in, got, err, c.want)
		}
		if _, err = readOne(c.in[:len(c.in)-1]); err != io.ErrUnexpectedEOF {
			t.Errorf("%q cut: %v", c.in, err)
		}
	}
	if v, err := readOne(",nan\r\n"); err != nil || !math.IsNaN(v.Float) {
		t.Errorf("nan: %+v, %v", v, err)
	}
	if _, err := readOne(""); err != io.EOF {
		t.Errorf("end between replies: %v", err)
	}
}

func TestReaderRefusesWhatIsNoReply(t *testing.T) {
	for _, in := range []string{
		"\r\n", "x\r\n", "+OK\n", ":\r\n", ":1x\r\n", ": 1\r\n", ":+-1\r\n", "$x\r\n", "$-2\r\n", "$1\r\nabc", "$600000000\r\n",
		"*-2\r\n", "%-1\r\n", "~-1\r\n", "*2000000000\r\n", "#x\r\n", "_x\r\n", ",x\r\n", "(\r\n", "(1x\r\n", "=3\r\ntxt\r\n",
		"=4\r\ntext\r\n", "$?\r\n", strings.Repeat("*1\r\n", maxReplyDepth+2), "+" + strings.Repeat("x", maxReplyLine+1),
	} {
		if v, err := readOne(in); !errors.Is(err, ErrMalformed) {
			t.Errorf("%.40q: got %.40v, %v", in, v, err)
		}
	}
	deep := strings.Repeat("*1\r\n", maxReplyDepth) + ":1\r\n"
	if _, err := readOne(deep); err != nil {
		t.Errorf("%d levels: %v", maxReplyDepth, err)
	}
}

func TestReaderTakesNoMemoryOnTrust(t *testing.T) {
	for _, in := range []string{"$500000000\r\nabc", "*1000000000\r\n:1\r\n", strings.Repeat("*1000000000\r\n", 100)} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if _, err := readOne(in); err != io.ErrUnexpectedEOF {
			t.Fatal(err)
		}
		runtime.ReadMemStats(&after)
		got := after.TotalAlloc - before.TotalAlloc
		if got > 1<<20 {
			t.Errorf("%.30q takes %d bytes", in, got)
		}
	}
}

func TestLongStringsAndLinesAreWhole(t *testing.T) {
	for _, n := range []int{16<<10 - 3, 16 << 10, 200_000, 1 << 20} {
		text := strings.Repeat("0123456789abcdef", n/16+1)[:n]
		w := Writer{}
		w.BulkString(text)
		w.Simple(text[:min(n, maxReplyLine-3)])
		r := NewReader(strings.NewReader(string(w.Buf)))
		if v, err := r.Read(); err != nil || v.Str != text {
			t.Errorf("bulk of %d: %d bytes, %v", n, len(v.Str), err)
		}
		if v, err := r.Read(); err != nil || v.Str != text[:min(n, maxReplyLine-3)] {
			t.Errorf("line of %d: %d bytes, %v", n, len(v.Str), err)
		}
	}
}

// FuzzReader: no input panics, and what was read can be printed.
func FuzzReader(f *testing.F) {
	for _, s := range []string{"*2\r\n$1\r\na\r\n_\r\n", "%1\r\n+a\r\n,1.5\r\n", "|1\r\n+a\r\n:1\r\n=5\r\ntxt:a\r\n", "(123\r\n", "#t\r\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		r := NewReader(strings.NewReader(string(in)))
		for {
			v, err := r.Read()
			if err != nil {
				if err != io.EOF && err != io.ErrUnexpectedEOF && !errors.Is(err, ErrMalformed) {
					t.Fatal(err)
				}
				return
			}
			_ = v.String()
		}
	})
}

// FuzzRoundTrip writes a reply described by ops, as RESP3, and reads it back.
func FuzzRoundTrip(f *testing.F) {
	f.Add([]byte{0, 5, 1, 2, 3, 4, 6, 7, 8, 9, 10, 11, 12}, "text", int64(-7), 1.25)
	f.Fuzz(func(t *testing.T, ops []byte, text string, i int64, x float64) {
		w := Writer{Proto: 3}
		script := replyScript{ops: ops, text: text, i: i, x: x}
		want := script.write(&w, 0)
		got, err := readOne(string(w.Buf))
		if err != nil {
			t.Fatalf("%q: %v", w.Buf, err)
		}
		if got.String() != want.String() || !sameShape(got, want) {
			t.Fatalf("%q:\n got %+v\nwant %+v", w.Buf, got, want)
		}
	})
}

// replyScript writes replies and says what they are.
type replyScript struct {
	ops  []byte
	text string
	i    int64
	x    float64
}

func (s *replyScript) next() byte {
	if len(s.ops) == 0 {
		return 0
	}
	op := s.ops[0]
	s.ops = s.ops[1:]
	return op
}

func (s *replyScript) write(w *Writer, depth int) Value {
	line := strings.Map(func(r rune) rune {
		if r == '\r' || r == '\n' {
			return '.'
		}
		return r
	}, s.text)
	op := s.next()
	switch op % 13 {
	case 1:
		w.Int(s.i)
		return Value{Type: ':', Int: s.i}
	case 2:
		w.Double(s.x)
		v, _ := scalar(Value{Type: ','}, w.Buf[strings.LastIndexByte(string(w.Buf), ',')+1:len(w.Buf)-2])
		return v
	case 3:
		w.Bool(s.i > 0)
		return Value{Type: '#', Bool: s.i > 0}
	case 4:
		w.Null()
		return Value{Type: '_', Null: true}
	case 5, 6, 7, 8:
		if depth > 20 {
			break
		}
		return s.aggregate(w, op, depth)
	case 9:
		w.Simple(line)
		return Value{Type: '+', Str: line}
	case 10:
		w.Error("ERR " + line + "!")
		return Value{Type: '-', Str: "ERR " + line + "!"}
	case 11:
		w.Verbatim("txt", s.text)
		return Value{Type: '=', Format: "txt", Str: s.text}
	case 12:
		w.BulkInt(s.i)
		return Value{Type: '$', Str: Value{Type: ':', Int: s.i}.String()[len("(integer) "):]}
	}
	w.BulkString(s.text)
	return Value{Type: '$', Str: s.text}
}

func (s *replyScript) aggregate(w *Writer, op byte, depth int) Value {
	n := int(s.next() % 14)
	kind := []byte{'*', '%', '~', '>'}[op%13-5]
	d := []func() Deferred{w.DeferArray, w.DeferMap, w.DeferSet, w.DeferPush}[op%13-5]()
	v := Value{Type: kind}
	for range n * v.step() {
		v.Array = append(v.Array, s.write(w, depth+1))
	}
	w.Close(d, n)
	return v
}

func sameShape(a, b Value) bool {
	if a.Type != b.Type || a.Null != b.Null || a.Str != b.Str || a.Int != b.Int || len(a.Array) != len(b.Array) {
		return false
	}
	for i := range a.Array {
		if !sameShape(a.Array[i], b.Array[i]) {
			return false
		}
	}
	return true
}
