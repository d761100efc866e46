package resp_test

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"testing"

	"github.com/curfewkv/curfew/resp"
	"github.com/curfewkv/curfew/resp/resptest"
)

// These inputs were sent to redis-server 7.0.15; the answers are its own, up
// to the end of the connection. With a redis-server at hand the test asks it
// again.
var redisAnswers = []struct{ in, out string }{
	// Counts.
	{"*2147483648\r\n", "-ERR Protocol error: invalid multibulk length\r\n"},
	{"*2147483647\r\n", ""},
	{"*abc\r\n", "-ERR Protocol error: invalid multibulk length\r\n"},
	{"*\r\n", "-ERR Protocol error: invalid multibulk length\r\n"},
	{"* 1\r\n", "-ERR Protocol error: invalid multibulk length\r\n"},
	{"*+1\r\n", "-ERR Protocol error: invalid multibulk length\r\n"},
	{"*01\r\n", "-ERR Protocol error: invalid multibulk length\r\n"},
	{"*-0\r\n", "-ERR Protocol error: invalid multibulk length\r\n"},
	{"*1\n\r\n", "-ERR Protocol error: invalid multibulk length\r\n"},
	{"*1\n", ""},
	{"*1\r", ""},
	{"*1\x00\r\n", ""},
	{"*-1\r\n*1\r\n$4\r\nPING\r\n", "+PONG\r\n"},
	{"*-10\r\n*1\r\n$4\r\nPING\r\n", "+PONG\r\n"},
	{"*0\r\n\r\nPING\n", "+PONG\r\n"},
	// Lengths.
	{"*1\r\nfoo\n", ""},
	{"*1\r\nfoo\r\n", "-ERR Protocol error: expected '$', got 'f'\r\n"},
	{"*1\r\n\r\n", "-ERR Protocol error: expected '$', got ' '\r\n"},
	{"*1\r\n\r", ""},
	{"*1\r\n\xff\r\n", "-ERR Protocol error: expected '$', got '\xff'\r\n"},
	{"*1\r\n\n\r\n", "-ERR Protocol error: expected '$', got ' '\r\n"},
	{"*1\r\n*1\r\n", "-ERR Protocol error: expected '$', got '*'\r\n"},
	{"*1\r\n$-1\r\n", "-ERR Protocol error: invalid bulk length\r\n"},
	{"*1\r\n$\r\n", "-ERR Protocol error: invalid bulk length\r\n"},
	{"*1\r\n$4x\r\nPING\r\n", "-ERR Protocol error: invalid bulk length\r\n"},
	{"*1\r\n$04\r\nPING\r\n", "-ERR Protocol error: invalid bulk length\r\n"},
	{"*1\r\n$536870913\r\n", "-ERR Protocol error: invalid bulk length\r\n"},
	{"*1\r\n$536870912\r\n", ""},
	{"*1\r\n$9223372036854775808\r\n", "-ERR Protocol error: invalid bulk length\r\n"},
	{"*1\r\n$1\x00\r\n", ""},
	{"*1\r\n$4\r\nPING", ""},
	{"*1\r\n$4\r\nPING\r", ""},
	{"*1\rX$4\rYPINGZZ", "+PONG\r\n"},
	{"*2\r\n$4\r\nECHO\r\n$0\r\n\r\n", "$0\r\n\r\n"},
	// Inline requests.
	{"PING\n", "+PONG\r\n"},
	{"PING\r\n", "+PONG\r\n"},
	{"PING", ""},
	{"\n\r\nPING\r\n", "+PONG\r\n"},
	{"\r\r\nPING\r\n", "+PONG\r\n"},
	{"PI\x00NG\r\n", ""},
	{"  ECHO \"a\\x41\\n\\q\"  \n", "$4\r\naA\nq\r\n"},
	{"ECHO 'a\\'b\\n'\r\n", "$5\r\na'b\\n\r\n"},
	{"ECHO \"\\n\\r\\t\\b\\a\\\\\\\"\"\r\n", "$7\r\n\n\r\t\b\a\\\"\r\n"},
	{"ECHO \"\\x4\"\r\n", "$2\r\nx4\r\n"},
	{"ECHO \"\\xfF\\x00\"\r\n", "$2\r\n\xff\x00\r\n"},
	{"ECHO a\\x41\r\n", "$5\r\na\\x41\r\n"},
	{"ECHO a\"b\"\r\n", "$2\r\nab\r\n"},
	{"ECHO a'b'\r\n", "$2\r\nab\r\n"},
	{"ECHO \"\"\r\n", "$0\r\n\r\n"},
	{"ECHO a\x0bb\r\n", "$3\r\na\x0bb\r\n"},
	{"\x0bECHO a\r\n", "$1\r\na\r\n"},
	{"ECHO \"a\"\x0b\r\n", "$1\r\na\r\n"},
	{"ECHO \"a\"b\r\n", "-ERR Protocol error: unbalanced quotes in request\r\n"},
	{"ECHO \"a\r\n", "-ERR Protocol error: unbalanced quotes in request\r\n"},
	{"ECHO 'a\r\n", "-ERR Protocol error: unbalanced quotes in request\r\n"},
	{"ECHO 'a\\'\r\n", "-ERR Protocol error: unbalanced quotes in request\r\n"},
	{"ECHO \"a\\\r\n", "-ERR Protocol error: unbalanced quotes in request\r\n"},
	{"PING\nECHO \"\nPING\n", "+PONG\r\n-ERR Protocol error: unbalanced quotes in request\r\n"},
	// Lines without end.
	{strings.Repeat("a", 65536), ""},
	{strings.Repeat("a", 65537), "-ERR Protocol error: too big inline request\r\n"},
	{"ECHO \x00" + strings.Repeat("\r\n", 40000), "-ERR Protocol error: too big inline request\r\n"},
	{"*" + strings.Repeat("1", 65535), ""},
	{"*" + strings.Repeat("1", 65536), "-ERR Protocol error: too big mbulk count string\r\n"},
	{"*1\r\n$" + strings.Repeat("1", 65535), ""},
	{"*1\r\n$" + strings.Repeat("1", 65536), "-ERR Protocol error: too big bulk count string\r\n"},
}

func TestMalformedRequestsAreAnsweredAsByRedis(t *testing.T) {
	for _, c := range redisAnswers {
		if got := serve([]byte(c.in), &resp.Limits{}); got != c.out {
			t.Errorf("%.80q:\n got %q\nwant %q", c.in, got, c.out)
		}
	}
}

func TestRedisStillAnswersSo(t *testing.T) {
	addr := resptest.Redis(t)
	for _, c := range redisAnswers {
		if got := ask(t, addr, []byte(c.in)); got != c.out {
			t.Errorf("%.80q:\n  redis %q\nrecorded %q", c.in, got, c.out)
		}
	}
}

func TestStrangersAreLimitedAsByRedis(t *testing.T) {
	addr := resptest.Redis(t, "--requirepass", "secret")
	auth := "*2\r\n$4\r\nAUTH\r\n$6\r\nsecret\r\n"
	long := "*2\r\n$4\r\nECHO\r\n$16385\r\n" + strings.Repeat("x", 16385) + "\r\n"
	for _, in := range []string{
		"*10\r\n", "*11\r\n", "*2147483648\r\n", "*-1\r\n",
		"*1\r\n$16384\r\n", "*1\r\n$16385\r\n", "*1\r\n$536870913\r\n",
		long, auth + long,
	} {
		want := ask(t, addr, []byte(in))
		if got := serve([]byte(in), &resp.Limits{Unauthenticated: true}); got != want {
			t.Errorf("%.60q:\n  got %.80q\nredis %.80q", in, got, want)
		}
	}
}

// TestRandomRequestsAreReadAsByRedis sends the same noise to both.
func TestRandomRequestsAreReadAsByRedis(t *testing.T) {
	addr := resptest.Redis(t)
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 0))
	pieces := []string{
		"*1\r\n", "*2\r\n", "*0\r\n", "*-1\r\n", "$4\r\n", "ECHO", "ECHO ", "PING", "PING\r\n", "\r\n", "\n", "\r",
		"$1\r\n", "$2\r\n", "$12\r\n", "x", "*", "$", "\"", "'", "\\", "\\x", "4", "1", "-", " ", "\t", "\x0b", "\xff",
		"*2\r\n$4\r\nECHO\r\n", "$3\r\nabc\r\n", "ECHO \"", "ECHO '", "\"\r\n", "'\r\n", "\\n", "\\'", "\\\"",
	}
	for range 3000 {
		var in []byte
		for range 1 + rnd.IntN(9) {
			in = append(in, pieces[rnd.IntN(len(pieces))]...)
		}
		if rnd.IntN(20) == 0 {
			in = append(in, 0)
		}
		want := replies(t, ask(t, addr, in))
		if got := replies(t, serve(bytes.Clone(in), nil)); got != want {
			t.Fatalf("%q:\n  got %s\nredis %s", in, got, want)
		}
	}
}

// serve is a server of PING, ECHO and AUTH that is sent in and then closed.
func serve(in []byte, lim *resp.Limits) string {
	var p resp.Parser
	w := resp.Writer{Proto: 2}
	var args [][]byte
	for {
		var n int
		var err error
		args, n, err = p.Next(in, args, lim)
		if err != nil {
			w.Error("ERR Protocol error: " + err.Error())
			return string(w.Buf)
		}
		if n == 0 {
			return string(w.Buf)
		}
		in = in[n:]
		if len(args) == 0 {
			continue
		}
		switch name := strings.ToUpper(string(args[0])); {
		case name == "PING" && len(args) == 1:
			w.Simple("PONG")
		case (name == "ECHO" || name == "PING") && len(args) == 2:
			w.Bulk(args[1])
		case name == "AUTH" && len(args) == 2:
			lim.Unauthenticated = false
			w.OK()
		default:
			w.Error(fmt.Sprintf("ERR command %q", args))
		}
	}
}

// ask sends in to Redis, closes our half, and returns all that comes back.
func ask(t *testing.T, addr string, in []byte) string {
	t.Helper()
	nc, err := net.Dial("unix", strings.TrimPrefix(addr, "unix:"))
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	if _, err := nc.Write(in); err != nil {
		t.Fatal(err)
	}
	nc.(*net.UnixConn).CloseWrite()
	// Redis may reset a connection that it answered with an error.
	out, _ := io.ReadAll(nc)
	return string(out)
}

// replies prints a stream of replies, without the texts of errors that are
// about commands.
func replies(t *testing.T, stream string) string {
	t.Helper()
	r := resp.NewReader(strings.NewReader(stream))
	var s strings.Builder
	for {
		v, err := r.Read()
		if err == io.EOF {
			return s.String()
		}
		if err != nil {
			t.Fatalf("%q: %v", stream, err)
		}
		if v.Err() != nil && !strings.Contains(v.Str, "Protocol error") {
			v.Str = "command"
		}
		fmt.Fprintln(&s, v)
	}
}
