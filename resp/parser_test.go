package resp

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
)

// parsed is the outcome of a whole stream.
type parsed struct {
	Requests [][]string
	Ends     []int // offsets in the stream behind each request
	Err      string
}

// parseWhole parses stream as it lies in one buffer.
func parseWhole(stream []byte, lim *Limits) (out parsed) {
	var p Parser
	buf, at := bytes.Clone(stream), 0
	for {
		args, n, err := p.Next(buf[at:], nil, lim)
		if !out.add(args, &at, n, err) {
			return out
		}
	}
}

// parseSplit feeds stream in pieces, and moves the buffer between calls.
func parseSplit(stream []byte, lim *Limits, next func() int) (out parsed) {
	var p Parser
	var args [][]byte
	var buf []byte
	at := 0
	for rest := stream; len(rest) > 0; {
		piece := min(len(rest), max(1, next()))
		moved := make([]byte, 0, len(buf)+piece)
		moved = append(append(moved, buf...), rest[:piece]...)
		for i := range buf {
			buf[i] = '!' // who still looks here is wrong
		}
		buf, rest = moved, rest[piece:]
		for {
			var n int
			var err error
			args, n, err = p.Next(buf, args, lim)
			if !out.add(args, &at, n, err) {
				break
			}
			buf = buf[n:]
		}
		if out.Err != "" {
			return out
		}
	}
	return out
}

// add records the outcome of one call, and reports whether there may be more.
func (out *parsed) add(args [][]byte, at *int, n int, err error) bool {
	if err != nil {
		out.Err = err.Error()
		return false
	}
	if n == 0 {
		return false
	}
	*at += n
	request := []string{}
	for _, a := range args {
		request = append(request, string(a))
	}
	out.Requests = append(out.Requests, request)
	out.Ends = append(out.Ends, *at)
	return true
}

func TestNextReturnsArgumentsAndLength(t *testing.T) {
	stream := "*2\r\n$3\r\nGET\r\n$1\r\nk\r\n" + "PING 'a b'\r\n" + "*0\r\n" + "\n" + "*1\r\n$0\r\n\r\n*1\r\n$"
	got := parseWhole([]byte(stream), nil)
	want := parsed{
		Requests: [][]string{{"GET", "k"}, {"PING", "a b"}, {}, {}, {""}},
		Ends:     []int{20, 32, 36, 37, 47},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
}

func TestArgumentsAreSlicesOfTheBufferWithoutSpareCapacity(t *testing.T) {
	var p Parser
	for _, in := range []string{"*2\r\n$1\r\na\r\n$2\r\nbc\r\n", "a bc\r\n"} {
		buf := []byte(in)
		args, _, err := p.Next(buf, nil, nil)
		if err != nil || len(args) != 2 {
			t.Fatal(args, err)
		}
		if &args[1][0] != &buf[bytes.Index(buf, []byte("bc"))] {
			t.Errorf("%q: argument was copied", in)
		}
		for _, a := range args {
			if cap(a) != len(a) {
				t.Errorf("%q: appending to %q would write into the buffer", in, a)
			}
		}
	}
}

func TestAnySplitParsesAsTheWhole(t *testing.T) {
	lims := map[string]*Limits{
		"default":   nil,
		"small":     {MaxBulk: 9, MaxArgs: 3, MaxInline: 12},
		"anonymous": {Unauthenticated: true},
	}
	streams := []string{
		"*3\r\n$3\r\nSET\r\n$10\r\n0123456789\r\n$0\r\n\r\n*1\r\n$4\r\nPING\r\n",
		"*-1\r\n*0\r\n\r\n\nSET \"a\\x00b\" 'c'\r\n*2\r\n$1\r\na\r\n$1\r\nb\r\n",
		"*12\r\n" + strings.Repeat("$1\r\nx\r\n", 12),
		"*1\r\n$16385\r\n",
		"*4\r\n$1\r\na\r\n",
		"averylonginlinerequest\r\n",
		"*00000000000000001\r\n",
		"*1\r\n$00000000000000001\r\n",
		"*2\r\n$1\r\na\r\n!1\r\n",
		"*1\r\n$2\r\nab\r\nPING \"x\r\n",
		"PING \x00\r\nabcdefghijk",
	}
	for name, lim := range lims {
		for _, s := range streams {
			want := parseWhole([]byte(s), lim)
			for size := 1; size <= len(s); size++ {
				got := parseSplit([]byte(s), lim, func() int { return size })
				if !reflect.DeepEqual(got, want) {
					t.Errorf("%s: %q by %d:\n got %+v\nwant %+v", name, s, size, got, want)
				}
			}
		}
	}
}

// Lines and arguments that were parsed are not looked at again, except to hand
// the arguments out: here everything in front of the parser's position is
// overwritten after each call. A line without its end is searched from where
// the last call stopped.
func TestParsedBytesAreNotScannedAgain(t *testing.T) {
	in := appendHeader(nil, '*', 300)
	for i := range 300 {
		in = appendHeader(in, '$', int64(i*7%50))
		in = append(append(in, make([]byte, i*7%50)...), "\r\n"...)
	}
	var p Parser
	for i := range in {
		buf := in[: i+1 : i+1]
		args, n, err := p.Next(buf, nil, nil)
		if err != nil {
			t.Fatalf("after %d bytes: %v", i+1, err)
		}
		if n == 0 {
			if p.stage != stageBulk && in[i] != '\r' && p.seen != len(buf) {
				t.Fatalf("after %d bytes: line searched up to %d", i+1, p.seen)
			}
			for j := range p.pos {
				in[j] = '!'
			}
			continue
		}
		if n != len(in) || len(args) != 300 {
			t.Fatalf("complete after %d of %d bytes: n %d, %d arguments", i+1, len(in), n, len(args))
		}
		for j, a := range args {
			if len(a) != j*7%50 {
				t.Fatalf("argument %d has %d bytes", j, len(a))
			}
		}
		return
	}
	t.Fatal("never complete")
}

func TestNeedTellsTheLengthOfWhatIsAnnounced(t *testing.T) {
	var p Parser
	in := "*2\r\n$3\r\nGET\r\n$1000000\r\nabc"
	steps := []struct{ have, need int }{
		{1, 0}, {4, 0}, {7, 0}, {8, 13}, {12, 13}, {13, 0}, {22, 0}, {23, 23 + 1000000 + 2}, {26, 23 + 1000000 + 2},
	}
	for _, s := range steps {
		if _, n, err := p.Next([]byte(in[:s.have]), nil, nil); n != 0 || err != nil {
			t.Fatal(n, err)
		}
		if got := p.Need(); got != s.need {
			t.Errorf("after %d bytes: need %d, want %d", s.have, got, s.need)
		}
	}
	p.Reset()
	if p.Need() != 0 {
		t.Error("Reset keeps a need")
	}
}

func TestAnErrorStaysUntilReset(t *testing.T) {
	var p Parser
	for _, in := range []string{"*x\r\n", "*1\r\n$1\r\na\r\n"} {
		if _, n, err := p.Next([]byte(in), nil, nil); n != 0 || err != ErrInvalidCount {
			t.Errorf("%q: n %d, error %v", in, n, err)
		}
	}
	p.Reset()
	if _, n, err := p.Next([]byte("*1\r\n$1\r\na\r\n"), nil, nil); n != 11 || err != nil {
		t.Errorf("after Reset: n %d, error %v", n, err)
	}
}

func TestAHugeRequestIsNotPaidForEver(t *testing.T) {
	var p Parser
	in := []byte("*1000\r\n" + strings.Repeat("$1\r\nx\r\n", 1000))
	if _, n, _ := p.Next(in[:len(in)-1], nil, nil); n != 0 || len(p.spans) < 999 {
		t.Fatal("request was not suspended")
	}
	if _, n, _ := p.Next(in, nil, nil); n != len(in) {
		t.Fatal("request was not completed")
	}
	if cap(p.spans) > keptSpans {
		t.Errorf("parser keeps room for %d arguments", cap(p.spans))
	}
}

func TestEnormousLimitsDoNotOverflow(t *testing.T) {
	var p Parser
	lim := &Limits{MaxBulk: 1<<63 - 1}
	if _, n, err := p.Next([]byte("*1\r\n$9223372036854775807\r\nabc"), nil, lim); n != 0 || err != ErrInvalidBulk {
		t.Errorf("n %d, error %v", n, err)
	}
	p.Reset()
	if _, n, err := p.Next([]byte("*1\r\n$4611686018427387903\r\nabc"), nil, lim); n != 0 || err != nil || p.Need() < 1<<61 {
		t.Errorf("n %d, error %v, need %d", n, err, p.Need())
	}
}

func TestParsingAllocatesNothing(t *testing.T) {
	whole := AppendCommand(nil, "SET", "session:000001", strings.Repeat("v", 2000), "EX", "3600")
	inline := []byte("SET key value\r\n")
	scratch := make([]byte, len(inline))
	var p Parser
	args := make([][]byte, 0, 8)
	check := func(name string, f func()) {
		t.Helper()
		f() // spans may grow once
		if n := testing.AllocsPerRun(100, f); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
	check("whole", func() { args, _, _ = p.Next(whole, args, nil) })
	check("split", func() {
		args, _, _ = p.Next(whole[:40], args, nil)
		args, _, _ = p.Next(whole[:200], args, nil)
		args, _, _ = p.Next(whole, args, nil)
	})
	check("inline", func() {
		copy(scratch, inline)
		args, _, _ = p.Next(scratch, args, nil)
	})
	if len(args) != 3 {
		t.Fatalf("last request has %d arguments", len(args))
	}
}

func FuzzParser(f *testing.F) {
	for _, s := range []string{
		"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$5\r\nvalue\r\n", "*1\r\n$4\r\nPING\r\nPING\r\n", "*-1\r\n*0\r\n\n",
		"SET \"a\\xff\\n\" 'b\\''\r\n", "*11\r\n$1\r\nx\r\n", "*1\r\n$99\r\n", "*1\r\n?\r\n", "*12345678901\r\n",
	} {
		f.Add([]byte(s), uint64(1), false)
		f.Add([]byte(s), uint64(2), true)
	}
	f.Fuzz(func(t *testing.T, stream []byte, seed uint64, small bool) {
		var lim *Limits
		if small {
			lim = &Limits{MaxBulk: 20, MaxArgs: 12, MaxInline: 16, Unauthenticated: seed%2 == 0}
		}
		want := parseWhole(stream, lim)
		rnd := rand.New(rand.NewPCG(seed, 1))
		got := parseSplit(stream, lim, func() int { return 1 + rnd.IntN(1+rnd.IntN(16)) })
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("split:\n got %+v\nwant %+v", got, want)
		}
		end := 0
		for i, e := range want.Ends {
			if e <= end || e > len(stream) {
				t.Fatalf("request %d ends at %d of %d, after %d", i, e, len(stream), end)
			}
			if single := parseWhole(stream[end:e], lim); len(single.Requests) != 1 || single.Ends[0] != e-end {
				t.Fatalf("request %d alone parses as %+v", i, single)
			}
			end = e
		}
	})
}

// Whatever AppendCommand writes, Parser reads.
func FuzzCommandRoundTrip(f *testing.F) {
	f.Add("SET", "key", "value", uint16(3))
	f.Fuzz(func(t *testing.T, a, b, c string, cut uint16) {
		stream := AppendCommand(nil, a, b, c)
		got := parseSplit(stream, nil, func() int { return int(cut) })
		want := parsed{Requests: [][]string{{a, b, c}}, Ends: []int{len(stream)}}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("got %+v\nwant %+v", got, want)
		}
	})
}

func BenchmarkParser(b *testing.B) {
	value := strings.Repeat("v", 32)
	key := "key:000000000001"
	pipeline := []byte{}
	for range 16 {
		pipeline = AppendCommand(pipeline, "SET", key, value)
	}
	mset := []string{"MSET"}
	for i := range 50 {
		mset = append(mset, fmt.Sprintf("key:%012d", i), value)
	}
	cases := []struct {
		name string
		args int
		in   []byte
	}{
		{"GET", 2, AppendCommand(nil, "GET", key)},
		{"SET", 3, AppendCommand(nil, "SET", key, value)},
		{"SETx16", 48, pipeline},
		{"MSET50", 101, AppendCommand(nil, mset...)},
	}
	for _, c := range cases {
		b.Run(c.name, func(b *testing.B) {
			var p Parser
			lim := &Limits{MaxBulk: 512 << 20, MaxArgs: 1 << 20, MaxInline: 64 << 10}
			args := make([][]byte, 0, 128)
			b.SetBytes(int64(len(c.in)))
			for b.Loop() {
				for rest := c.in; len(rest) > 0; {
					var n int
					args, n, _ = p.Next(rest, args, lim)
					rest = rest[n:]
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(c.args), "ns/arg")
		})
	}
}
