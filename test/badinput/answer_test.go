package badinput

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/curfewkv/curfew/test/rig"
)

// quiet is how long a server may stay silent before the answer counts as complete.
const quiet = 100 * time.Millisecond

// ping follows inputs after which the connection must still work.
const ping = "*1\r\n$4\r\nPING\r\n"

// inputs are sent as they stand, each on a fresh connection.
var inputs = map[string]string{
	// Lengths of arrays.
	"array of -10":                  "*-10\r\n" + ping,
	"array of -1":                   "*-1\r\n" + ping,
	"array of 0":                    "*0\r\n" + ping,
	"array of more than an int":     "*3000000000\r\n" + ping,
	"array of more than 64 bits":    "*99999999999999999999\r\n" + ping,
	"array length with a sign":      "*+1\r\n$4\r\nPING\r\n",
	"array length with zeros":       "*01\r\n$4\r\nPING\r\n",
	"array length with a space":     "* 1\r\n$4\r\nPING\r\n",
	"array length is a word":        "*abc\r\n" + ping,
	"array without a length":        "*\r\n" + ping,
	"array length ends in LF only":  "*1\n$4\r\nPING\r\n",
	"array length of 70,000 digits": "*" + strings.Repeat("1", 70_000),
	"array of arrays":               "*1\r\n*1\r\n$4\r\nPING\r\n",
	"array of integers":             "*1\r\n:1\r\n",
	"array that never fills":        "*2\r\n$3\r\nGET\r\n",
	"a million empty arguments":     "*1000000\r\n" + strings.Repeat("$0\r\n\r\n", 1_000_000) + ping,
	"hundred thousand arguments":    "*100001\r\n$3\r\nDEL\r\n" + strings.Repeat("$1\r\nk\r\n", 100_000) + ping,
	"array marker only":             "*",
	"length cut off":                "*1",
	"CR only":                       "*1\r",
	// Lengths of bulk strings.
	"bulk of -1":                    "*2\r\n$3\r\nGET\r\n$-1\r\n",
	"bulk of -10":                   "*3\r\n$3\r\nSET\r\n$1\r\nx\r\n$-10\r\n",
	"bulk above proto-max-bulk-len": "*3\r\n$3\r\nSET\r\n$1\r\nx\r\n$536870913\r\n",
	"bulk of 2 GB":                  "*3\r\n$3\r\nSET\r\n$1\r\nx\r\n$2000000000\r\n",
	"bulk of more than 64 bits":     "*2\r\n$3\r\nGET\r\n$99999999999999999999\r\n",
	"bulk length is a word":         "*3\r\n$3\r\nSET\r\n$1\r\nx\r\n$blabla\r\n",
	"bulk without a length":         "*1\r\n$\r\n",
	"bulk length with a sign":       "*1\r\n$+4\r\nPING\r\n",
	"bulk length with zeros":        "*1\r\n$04\r\nPING\r\n",
	"bulk length of 70,000 digits":  "*1\r\n$" + strings.Repeat("1", 70_000),
	"bulk longer than its length":   "*1\r\n$4\r\nPINGPING\r\n" + ping,
	"bulk shorter than its length":  "*1\r\n$6\r\nPING\r\n" + ping,
	"bulk without CRLF at its end":  "*1\r\n$4\r\nPINGxx" + ping,
	"no bulk header":                "*3\r\n$3\r\nSET\r\n$1\r\nx\r\nfooz\r\n",
	"word instead of a bulk":        "*1\r\nfoo\r\n",
	"empty command name":            "*1\r\n$0\r\n\r\n" + ping,
	// Inline commands.
	"empty lines":                    "\r\n\n\r\n" + ping,
	"spaces only":                    "   \r\n" + ping,
	"inline":                         "PING\r\nPING x\r\n  PING   y  \r\nping\n",
	"inline with quotes":             "ECHO \"a b\"\r\nECHO 'c d'\r\nECHO \"\\x41\\n\\\"\"\r\nECHO 'it\\'s'\r\n",
	"inline with open quotes":        "ECHO \"abc\r\n" + ping,
	"inline with open single quotes": "ECHO 'abc\r\n" + ping,
	"inline with text after a quote": "ECHO \"a\"b\r\n" + ping,
	"inline with tabs":               "ECHO\ta\r\n" + ping,
	"inline with NUL":                "PING\x00\r\n" + ping,
	"inline of 70,000 bytes":         "ECHO " + strings.Repeat("x", 70_000),
	"inline of 60,000 bytes":         "ECHO " + strings.Repeat("x", 60_000) + "\r\n" + ping,
	"inline cut off":                 "PING",
	"RESP3 map as a request":         "%1\r\n" + ping,
	"RESP3 push as a request":        ">1\r\n" + ping,
	"an HTTP request":                "GET / HTTP/1.1\r\nHost: example.org\r\n\r\n",
	"an HTTP POST":                   "POST / HTTP/1.1\r\nHost: example.org\r\n\r\n*1\r\n$8\r\nFLUSHALL\r\n",
	"an SSL hello":                   "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n",
	// What follows what.
	"good, then bad":           ping + "*1\r\n$4\r\nPING\r\n*1\r\n$x\r\n" + ping,
	"bad inside a transaction": "MULTI\r\nSET k v\r\n*1\r\n$x\r\n",
	"QUIT, then more":          "*1\r\n$4\r\nQUIT\r\n" + ping,
	"zeros":                    strings.Repeat("\x00", 100),
	"zeros without end":        strings.Repeat("\x00", 70_000),
	"array marker and NUL":     "*\x00" + strings.Repeat("A", 70_000),
	"bulk marker and NUL":      "$\x00" + strings.Repeat("A", 70_000),
	"two thousand pipelined":   strings.Repeat(ping, 2000),
}

// TestSameAnswer sends each input to both servers: the bytes that come back, and whether the connection is closed,
// must be the same.
func TestSameAnswer(t *testing.T) {
	servers := [2]*rig.Server{rig.Redis(t), rig.Curfew(t)}
	for name, input := range inputs {
		t.Run(name, func(t *testing.T) {
			compare(t, servers, [][]byte{[]byte(input)})
		})
	}
	stillServes(t, servers[1])
}

// TestSameAnswerByteByByte sends the shorter inputs one byte at a time: where a read ends must not matter.
func TestSameAnswerByteByByte(t *testing.T) {
	servers := [2]*rig.Server{rig.Redis(t), rig.Curfew(t)}
	for name, input := range inputs {
		// After a line that looks like HTTP the connection is closed while we are still sending: the reset that this
		// causes takes what the server has written with it.
		if len(input) > 300 || strings.Contains(input, "HTTP") {
			continue
		}
		t.Run(name, func(t *testing.T) {
			pieces := make([][]byte, len(input))
			for i := range input {
				pieces[i] = []byte(input[i : i+1])
			}
			compare(t, servers, pieces)
		})
	}
}

// TestSameAnswerWithoutAuthentication: a client that has not authenticated is held to much smaller requests.
func TestSameAnswerWithoutAuthentication(t *testing.T) {
	servers := [2]*rig.Server{rig.Redis(t, "--requirepass", "secret"), rig.Curfew(t, "--requirepass", "secret")}
	for name, input := range map[string]string{
		"eleven arguments":     "*11\r\n$4\r\nPING\r\n",
		"ten arguments":        "*10\r\n" + strings.Repeat("$4\r\nPING\r\n", 10),
		"16 KB":                "*1\r\n$16385\r\n",
		"command":              ping + "*2\r\n$3\r\nGET\r\n$1\r\nk\r\n",
		"inline":               "GET k\r\nAUTH wrong\r\nAUTH secret\r\nGET k\r\n",
		"unknown command":      "NOSUCH\r\nNOSUCH a b\r\nGET\r\n",
		"HELLO":                "HELLO 3 AUTH default wrong\r\n", // without AUTH the text of 7.4 is another than that of 7.0
		"transaction":          "MULTI\r\nEXEC\r\nDISCARD\r\nWATCH k\r\n",
		"RESET and QUIT":       "RESET\r\nQUIT\r\n",
		"authenticated, large": "AUTH secret\r\n*11\r\n$3\r\nDEL\r\n" + strings.Repeat("$1\r\nk\r\n", 10),
	} {
		t.Run(name, func(t *testing.T) {
			compare(t, servers, [][]byte{[]byte(input)})
		})
	}
}

// TestSameAnswerAfterHalfClose: the client sends, says that it will send no more, and reads: it must get its replies.
func TestSameAnswerAfterHalfClose(t *testing.T) {
	servers := [2]*rig.Server{rig.Redis(t), rig.Curfew(t)}
	for name, input := range map[string]string{
		"nothing":        "",
		"one command":    ping,
		"a pipeline":     strings.Repeat(ping, 100),
		"half a command": ping + "*1\r\n$4\r\nPI",
		"a transaction":  "MULTI\r\nSET k v\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			var got [2]string
			for i, s := range servers {
				c := dial(t, s)
				if err := c.Send([]byte(input)); err != nil {
					t.Fatal(err)
				}
				// The replies are asked for before the end of the input is announced: redis-server frees a client as
				// soon as it reads that end, and what it has not written by then is lost.
				var head []byte
				if n := strings.Count(input, "PING\r\n") + strings.Count(input, "MULTI") + strings.Count(input, "SET k"); n > 0 {
					head = readLines(t, c, n)
				}
				if err := c.Conn.Conn.(*net.TCPConn).CloseWrite(); err != nil {
					t.Fatal(err)
				}
				rest, closed := transcript(c.Conn)
				got[i] = fmt.Sprintf("%q closed=%v", append(head, rest...), closed)
			}
			if got[0] != got[1] {
				t.Errorf("redis:  %s\ncurfew: %s", got[0], got[1])
			}
		})
	}
}

// compare sends the pieces, each in a write of its own, to both servers at once and compares the answers.
func compare(t *testing.T, servers [2]*rig.Server, pieces [][]byte) {
	t.Helper()
	var ears [2]*ear
	var wg sync.WaitGroup
	for i, s := range servers {
		c := dial(t, s)
		// Reading starts at once: a server that answers while it is being written to must not be blocked by us.
		ears[i] = listen(c.Conn)
		wg.Go(func() {
			for _, piece := range pieces {
				if err := c.Send(piece); err != nil {
					break // closed by the server, which the ear hears
				}
			}
		})
	}
	wg.Wait()
	redis, curfew := ears[0].hear(), ears[1].hear()
	// One may only be slower than the other, on a busy machine.
	for range 20 {
		if redis == curfew {
			break
		}
		redis, curfew = ears[0].hear(), ears[1].hear()
	}
	if redis != curfew {
		t.Errorf("redis:  %s\ncurfew: %s", redis, curfew)
	}
	for _, s := range servers {
		if !s.Alive() {
			t.Fatalf("%s has ended:\n%s", s.Name, s.Log())
		}
	}
}

// An ear collects what comes over a connection.
type ear struct {
	mu     sync.Mutex
	answer []byte
	closed bool
}

func listen(c *rig.Conn) *ear {
	e := &ear{}
	go func() {
		buf := make([]byte, 64<<10)
		for {
			n, err := c.ReadSome(buf, time.Minute)
			e.mu.Lock()
			e.answer = append(e.answer, buf[:n]...)
			// A server that closes with input unread resets the connection; both count as closed.
			e.closed = err != nil
			e.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	return e
}

// hear waits until nothing has come for a while, or the connection is closed, and shows all that has come.
func (e *ear) hear() string {
	for before := -1; ; {
		e.mu.Lock()
		now, closed := len(e.answer), e.closed
		text := fmt.Sprintf("%s closed=%v", shortened(e.answer), closed)
		e.mu.Unlock()
		if closed || now == before {
			return text
		}
		before = now
		time.Sleep(quiet)
	}
}

func shortened(answer []byte) string {
	if len(answer) > 2000 {
		return fmt.Sprintf("%q...%q (%d bytes)", answer[:500], answer[len(answer)-200:], len(answer))
	}
	return fmt.Sprintf("%q", answer)
}

// transcript reads until the server closes the connection or falls silent.
func transcript(c *rig.Conn) (answer []byte, closed bool) {
	buf := make([]byte, 64<<10)
	for {
		n, err := c.ReadSome(buf, quiet)
		answer = append(answer, buf[:n]...)
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			return answer, false
		// A server that closes with input unread resets the connection; both count as closed.
		case errors.Is(err, io.EOF), errors.Is(err, syscall.ECONNRESET):
			return answer, true
		case err != nil:
			return append(answer, err.Error()...), true
		}
	}
}

func readLines(t *testing.T, c client, n int) []byte {
	t.Helper()
	var lines []byte
	for range n {
		reply, err := c.Read()
		if err != nil {
			t.Fatalf("%v after %q", err, lines)
		}
		lines = append(lines, reply.Raw...)
	}
	return lines
}

// A client is a connection that its test closes at its end.
type client struct{ *rig.Conn }

func dial(t testing.TB, s *rig.Server) client {
	t.Helper()
	c, err := rig.Dial(s)
	if err != nil {
		t.Fatalf("%s: %v", s.Name, err)
	}
	t.Cleanup(func() { c.Close() })
	return client{c}
}

// stillServes checks that a new client is served.
func stillServes(t testing.TB, s *rig.Server) {
	t.Helper()
	c := dial(t, s)
	if reply, err := c.Do("ECHO", "alive"); err != nil || !bytes.Contains(reply.Raw, []byte("alive")) {
		t.Fatalf("%s: %v, %v\n%s", s.Name, reply, err, s.Log())
	}
}
