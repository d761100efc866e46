package resp_test

import (
	"errors"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/curfewkv/curfew/resp"
	"github.com/curfewkv/curfew/resp/resptest"
)

// What redis-cli 7.0.15 --no-raw -3 printed for these replies.
func TestValuesPrintAsInRedisCli(t *testing.T) {
	cases := []struct{ wire, want string }{
		{"$11\r\nHello World\r\n", `"Hello World"`},
		{"$8\r\na\r\n\x01\xff\"\\\x7f\r\n", `"a\r\n\x01\xff\"\\\x7f"`},
		{":12345\r\n", "(integer) 12345"},
		{",3.141\r\n", "(double) 3.141"},
		{"_\r\n", "(nil)"},
		{"*-1\r\n", "(nil)"},
		{"#t\r\n", "(true)"},
		{"-ERR x\r\n", "(error) ERR x"},
		{"+hi\r\n", "hi"},
		{"*0\r\n", "(empty array)"},
		{"%0\r\n", "(empty hash)"},
		{"~0\r\n", "(empty set)"},
		{"~2\r\n:0\r\n:1\r\n", "1~ (integer) 0\n2~ (integer) 1"},
		{"%2\r\n:0\r\n#f\r\n:1\r\n#t\r\n", "1# (integer) 0 => (false)\n2# (integer) 1 => (true)"},
		{"%1\r\n$1\r\na\r\n*1\r\n:1\r\n", `1# "a" => 1) (integer) 1`},
		{"%1\r\n$1\r\na\r\n%2\r\n$1\r\na\r\n:1\r\n$1\r\nb\r\n:2\r\n",
			"1# \"a\" => \n   1# \"a\" => (integer) 1\n   2# \"b\" => (integer) 2"},
		{"*2\r\n*0\r\n*1\r\n*1\r\n%1\r\n$1\r\na\r\n*2\r\n:1\r\n:2\r\n",
			"1) (empty array)\n2) 1) 1) 1# \"a\" => \n            1) (integer) 1\n            2) (integer) 2"},
		{"*10\r\n*2\r\n:2\r\n*1\r\n:3\r\n:1\r\n:1\r\n:1\r\n:1\r\n:1\r\n:1\r\n:1\r\n:1\r\n:1\r\n",
			" 1) 1) (integer) 2\n    2) 1) (integer) 3\n 2) (integer) 1\n 3) (integer) 1\n 4) (integer) 1\n 5) (integer) 1\n" +
				" 6) (integer) 1\n 7) (integer) 1\n 8) (integer) 1\n 9) (integer) 1\n10) (integer) 1"},
	}
	for _, c := range cases {
		v, err := resp.NewReader(strings.NewReader(c.wire)).Read()
		if err != nil || v.String() != c.want {
			t.Errorf("%q: %v\n got %s\nwant %s", c.wire, err, v, c.want)
		}
	}
}

func TestRedisCliPrintsTheSame(t *testing.T) {
	addr := resptest.Redis(t)
	cli, err := exec.LookPath("redis-cli")
	if err != nil {
		t.Skip("no redis-cli to compare with")
	}
	c := resptest.Dial(t, addr)
	for _, proto := range []string{"-2", "-3"} {
		resptest.Do(t, c, "HELLO", proto[1:])
		for _, cmd := range [][]string{
			{"EVAL", `return {1,{2,{3,"a\r\n\1\255\"\\"},{}},redis.status_reply("hi"),redis.error_reply("ERR x"),false,{},2,3,4,5,6,7}`, "0"},
			{"EVAL", `redis.setresp(3); return {{map={a={map={a=1,b={map={}}}}}},{set={x=true}},{map={}},{set={}},true,false,{double=1e300}}`, "0"},
			{"EVAL", `redis.setresp(3); return {map={a={{{1,2,{map={a={{2}}}}}}}}}`, "0"},
			{"COMMAND", "DOCS", "GET", "SET"},
			{"CONFIG", "GET", "maxmemory*"},
			{"GET", "nothing"},
			{"NOSUCH"},
			{"HELLO"},
		} {
			out, err := exec.Command(cli, append([]string{"-s", strings.TrimPrefix(addr, "unix:"), "--no-raw", proto}, cmd...)...).Output()
			if err != nil {
				t.Fatal(err)
			}
			got, want := resptest.Do(t, c, cmd...).String(), strings.TrimSuffix(string(out), "\n")
			if cmd[0] == "HELLO" { // the client's id differs
				got, want = got[:strings.Index(got, "id")], want[:strings.Index(want, "id")]
			}
			if cmd[0] == "NOSUCH" {
				want = strings.TrimSuffix(want, "\n") // redis-cli adds one to errors
			}
			if got != want {
				t.Errorf("%s %q:\n      got %s\nredis-cli %s", proto, cmd, got, want)
			}
		}
	}
}

func TestReaderReadsAllThatRedisSends(t *testing.T) {
	c := resptest.Dial(t, resptest.Redis(t, "--enable-debug-command", "yes"))
	resptest.Do(t, c, "HELLO", "3")
	for _, p := range []struct {
		name string
		kind byte
	}{
		{"string", '$'}, {"integer", ':'}, {"double", ','}, {"null", '_'}, {"array", '*'}, {"set", '~'}, {"map", '%'},
		{"attrib", '$'}, {"verbatim", '='}, {"true", '#'}, {"false", '#'}, {"bignum", '('},
	} {
		v := resptest.Do(t, c, "DEBUG", "PROTOCOL", p.name)
		if v.Type != p.kind || (p.name == "attrib") != (len(v.Attr) > 0) {
			t.Errorf("%s: %+v", p.name, v)
		}
	}
	pushes := 0
	c.OnPush = func(v resp.Value) { pushes++ }
	if v := resptest.Do(t, c, "DEBUG", "PROTOCOL", "push"); v.Type != '$' || pushes != 1 {
		t.Errorf("push: %+v after %d pushes", v, pushes)
	}
}

// pipe is a Conn whose server reads n bytes, then answers with replies.
func pipe(t *testing.T, n int, replies string) *resp.Conn {
	client, server := net.Pipe()
	c := resp.NewConn(client)
	t.Cleanup(func() { c.Close() })
	go func() {
		buf := make([]byte, n)
		for read := 0; read < n; {
			k, err := server.Read(buf)
			if err != nil {
				return
			}
			read += k
		}
		server.Write([]byte(replies))
	}()
	return c
}

func TestDoReturnsTheReplyToItsOwnRequest(t *testing.T) {
	c := pipe(t, 2*len("*1\r\n$4\r\nPING\r\n"), "+first\r\n>1\r\n+push\r\n-ERR second\r\n")
	c.Send("PING")
	v, err := c.Do("PING")
	if err != nil || v.Err() == nil || v.Err().Error() != "ERR second" {
		t.Errorf("got %v, %v", v, err)
	}
}

func TestReceiveReturnsPushesAndRepliesInOrder(t *testing.T) {
	c := pipe(t, len("*1\r\n$4\r\nPING\r\n"), ">1\r\n+push\r\n+PONG\r\n")
	c.SendBytes([]byte("PING"))
	if err := c.Flush(); err != nil {
		t.Fatal(err)
	}
	for _, kind := range []byte{'>', '+'} {
		if v, err := c.Receive(); err != nil || v.Type != kind {
			t.Errorf("want %c, got %v, %v", kind, v, err)
		}
	}
}

func TestDeadlinesEndAWait(t *testing.T) {
	c := pipe(t, 1<<20, "")
	c.SetDeadline(time.Unix(1, 0))
	if _, err := c.Do("PING"); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

func TestDialNamesWhatItCouldNotReach(t *testing.T) {
	if _, err := resp.Dial("unix:" + t.TempDir() + "/none"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}
