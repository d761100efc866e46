package trace

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
)

// words returns big-endian numbers of the given width in bytes.
func words(width int, numbers ...uint64) string {
	var b []byte
	for _, n := range numbers {
		if width == 4 {
			b = binary.BigEndian.AppendUint32(b, uint32(n))
		} else {
			b = binary.BigEndian.AppendUint64(b, n)
		}
	}
	return string(b)
}

// describe writes a request as "op key size ttl at row", with - for what is unknown.
func describe(r *Request) string {
	size, at := "-", "-"
	if r.Size != NoSize {
		size = fmt.Sprint(r.Size)
	}
	if r.At != NoTime {
		at = r.At.String()
	}
	return fmt.Sprintf("%s %s %d/%s %s %s #%d", r.Op, r.Key, r.KeySize, size, r.TTL, at, r.Row)
}

func readAll(r *Reader) ([]string, error) {
	var out []string
	var req Request
	for {
		err := r.Next(&req)
		if err == io.EOF {
			return out, nil
		}
		if err != nil {
			return out, err
		}
		out = append(out, describe(&req))
	}
}

// samples has one tiny trace per format, with what must come out of it.
var samples = []struct {
	format, path, content string
	want                  []string
}{
	{"arc", "a/OLTP.lis", "10 2 0 0\n7 1 0 1\n5 0 0 2\n11 1 0 3\n", []string{
		"get 10 0/- 0s - #1", "get 11 0/- 0s - #1", "get 7 0/- 0s - #2", "get 11 0/- 0s - #4"}},
	{"lirs", "cpp.trace", "12\n*\n7\r\n *\n12\n", []string{
		"get 12 0/- 0s - #1", "get 7 0/- 0s - #3", "get 12 0/- 0s - #5"}},
	{"text", "zipf_1.0.txt", "0\n\n14", []string{"get 0 0/- 0s - #1", "get 14 0/- 0s - #3"}},
	{"text", "urls", "/a?b\n/c\n", []string{"get /a?b 0/- 0s - #1", "get /c 0/- 0s - #2"}},
	{"address", "gcc.trace", "s 0x1fffff50 1\nl 0x1fffff58 12\n", []string{
		"get 0x1fffff50 0/- 0s - #1", "get 0x1fffff58 0/- 0s - #2"}},
	{"adaptsize", "request.trace", "1 0 68\n2 1 7454\n", []string{"get 0 0/68 0s - #1", "get 1 0/7454 0s - #2"}},
	{"int32", "web07.trace", words(4, 0, 1, 2, 0, 1, 0, 2, 1, 0xffffffff), []string{
		"get 0 0/- 0s - #1", "get 1 0/- 0s - #2", "get 2 0/- 0s - #3", "get 0 0/- 0s - #4", "get 1 0/- 0s - #5",
		"get 0 0/- 0s - #6", "get 2 0/- 0s - #7", "get 1 0/- 0s - #8", "get -1 0/- 0s - #9"}},
	{"int64", "vault", words(8, 4115400450116633287, 380797275323514828, 1<<64-2), []string{
		"get 4115400450116633287 0/- 0s - #1", "get 380797275323514828 0/- 0s - #2", "get -2 0/- 0s - #3"}},
	{"int64", "small", words(8, 1, 2, 3, 1), []string{
		"get 1 0/- 0s - #1", "get 2 0/- 0s - #2", "get 3 0/- 0s - #3", "get 1 0/- 0s - #4"}},
	{"bigcache", "x.csv", "timestamp,cacheKey,OpType,objectSize,TTL\n1585119589,aa,1,28816957,1209600\n1585119591,bb,1,0,-1\n", []string{
		"get aa 0/28816957 336h0m0s 0s #2", "get bb 0/0 0s 2s #3"}},
	{"kvcache", "kv.csv", "op_time,key,key_size,op,op_count,size,cache_hits,usecase,ttl\n" +
		"100,ab,48,GET,2,87,1,3,0\n101,cd,24,GET_LEASE,1,0,0,3,0\n102,cd,24,SET,1,9,0,3,60\n103,ab,48,DELETE,1,0,0,3,0\n", []string{
		"get ab 48/87 0s 0s #2", "get ab 48/87 0s 0s #2", "get cd 24/- 0s 1s #3", "set cd 24/9 1m0s 2s #4", "delete ab 48/0 0s 3s #5"}},
	{"twitter", "c52.csv", "5,q:q,1:8W,17,249,1,get,0\n5,k,16,0,2,gets,0\n7,k,16,3,2,add,1209600\n8,k,16,0,2,delete,0\n", []string{
		"get q:q,1:8W 17/249 0s 0s #1", "get k 16/- 0s 0s #2", "set k 16/3 336h0m0s 2s #3", "delete k 16/0 0s 3s #4"}},
	{"mooncake", "c.jsonl", `{"timestamp": 1000, "hash_ids": [0, 14]}` + "\n" + `{"timestamp": 1500, "hash_ids": []}` + "\n" +
		`{"timestamp": 1600, "hash_ids": [14]}` + "\n", []string{
		"get 0 0/- 0s 0s #1", "get 14 0/- 0s 0s #1", "get 14 0/- 0s 600ms #3"}},
}

func TestEachFormatIsDetectedAndRead(t *testing.T) {
	seen := make(map[string]bool)
	for _, s := range samples {
		seen[s.format] = true
		for _, forced := range []string{"", s.format} {
			r, err := NewReader(strings.NewReader(s.content), s.path, forced)
			if err != nil {
				t.Errorf("%s (%q): %v", s.path, forced, err)
				continue
			}
			if r.Format().Name != s.format {
				t.Errorf("%s: detected %s, want %s", s.path, r.Format().Name, s.format)
			}
			got, err := readAll(r)
			if err != nil {
				t.Errorf("%s: %v", s.path, err)
			}
			if a, b := strings.Join(got, "\n"), strings.Join(s.want, "\n"); a != b {
				t.Errorf("%s:\n%s\nwant:\n%s", s.path, a, b)
			}
		}
	}
	for _, f := range Formats() {
		if !seen[f.Name] {
			t.Errorf("no sample of format %s", f.Name)
		}
	}
}

func TestMalformedRowsAreErrorsThatNameTheRow(t *testing.T) {
	for _, c := range []struct{ format, content, want string }{
		{"arc", "1 1 0 0\n1 2\n", "arc trace: row 2"},
		{"arc", "1 -1 0 0\n", "row 1"},
		{"lirs", "1\n2\nx\n", "row 3"},
		{"address", "l 0x1 1\nl 17 1\n", "row 2"},
		{"adaptsize", "1 2 -3\n", "row 1"},
		{"int32", "\x00\x00\x00\x01\x00", "record 2: 1 bytes of 4"},
		{"int64", "\x00\x00\x00\x01\x00\x00\x00", "record 1: 7 bytes of 8"},
		{"bigcache", "timestamp,cacheKey\n", "no column objectSize"},
		{"bigcache", "timestamp,cacheKey,objectSize,TTL\n1,2\n", "row 2: 2 columns of 4"},
		{"bigcache", "timestamp,cacheKey,objectSize,TTL\n1,a,b,2\n", "objectSize is not a number"},
		{"kvcache", "op_time,key,key_size,op,op_count,size,ttl\n1,a,1,FROB,1,1,1\n", "unknown operation"},
		{"twitter", "1,k,1,1,1,get\n", "row 1"},
		{"mooncake", "{\"hash_ids\": [1]}\n{", "row 2"},
	} {
		r, err := NewReader(strings.NewReader(c.content), "x", c.format)
		if err != nil {
			t.Errorf("%s: %v", c.format, err)
			continue
		}
		if _, err := readAll(r); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s %q: error %v, want one with %q", c.format, c.content, err, c.want)
		}
	}
}

func TestUnknownContentAndNamesAreRefused(t *testing.T) {
	for _, c := range []struct{ content, format string }{{"", ""}, {"a b c d\n", ""}, {"1\n", "nosuch"}} {
		if _, err := NewReader(strings.NewReader(c.content), "x", c.format); !errors.Is(err, ErrFormat) {
			t.Errorf("%q as %q: %v, want ErrFormat", c.content, c.format, err)
		}
	}
}

func TestCompressionIsDetectedByContent(t *testing.T) {
	const content = "1\n2\n3\n"
	packers := map[string]func(io.Writer) (io.WriteCloser, error){
		"gzip": func(w io.Writer) (io.WriteCloser, error) { return gzip.NewWriter(w), nil },
		"zstd": func(w io.Writer) (io.WriteCloser, error) { return zstd.NewWriter(w) },
		"xz":   func(w io.Writer) (io.WriteCloser, error) { return xz.NewWriter(w) },
	}
	for name, pack := range packers {
		var b bytes.Buffer
		w, err := pack(&b)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, content); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		r, err := NewReader(&b, "no-suffix", "")
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		got, err := readAll(r)
		if err != nil || len(got) != 3 {
			t.Errorf("%s: %d requests, %v", name, len(got), err)
		}
		if err := r.Close(); err != nil {
			t.Errorf("%s: close: %v", name, err)
		}
	}
}

func TestTimeNeverGoesBelowTheTracesStart(t *testing.T) {
	r, err := NewReader(strings.NewReader("9,k,1,1,1,get,0\n8,k,1,1,1,get,0\n10,k,1,1,1,get,0\n"), "x.csv", "")
	if err != nil {
		t.Fatal(err)
	}
	var req Request
	for _, want := range []time.Duration{0, 0, time.Second} {
		if err := r.Next(&req); err != nil || req.At != want {
			t.Fatalf("at %v, %v; want %v", req.At, err, want)
		}
	}
}

func TestLinesLongerThanTheBufferAreRead(t *testing.T) {
	ids := strings.Repeat("7,", 100_000) + "7"
	r, err := NewReader(strings.NewReader(`{"timestamp":0,"hash_ids":[`+ids+`]}`), "x", "mooncake")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := readAll(r); err != nil || len(got) != 100_001 {
		t.Fatalf("%d requests, %v", len(got), err)
	}
	if r, err = NewReader(strings.NewReader(strings.Repeat("1", maxLine+1)), "x", "text"); err != nil {
		t.Fatal(err)
	}
	if _, err := readAll(r); err == nil {
		t.Fatal("a row without end was accepted")
	}
}

func FuzzReaderEndsWithoutPanic(f *testing.F) {
	for _, s := range samples {
		f.Add(s.format, s.content)
	}
	f.Fuzz(func(t *testing.T, format, content string) {
		r, err := NewReader(strings.NewReader(content), "fuzz", format)
		if err != nil {
			return
		}
		var req Request
		// A row may stand for billions of requests: reading some is enough.
		for range 10_000 {
			if err := r.Next(&req); err != nil {
				return
			}
			if req.At < NoTime || req.Size < NoSize || req.TTL < 0 {
				t.Fatalf("out of range: %s", describe(&req))
			}
		}
	})
}
