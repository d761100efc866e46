package badinput

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/curfewkv/curfew/test/rig"
)

// TestGarbageKillsNobody sends random bytes, of which many begin like a request.
func TestGarbageKillsNobody(t *testing.T) {
	s := rig.Curfew(t)
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	starts := []string{"", "*", "*2\r\n$", "$", "*1\r\n$4\r\nPING\r\n", "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$", "MULTI\r\n", "SUBSCRIBE c\r\n", "HELLO 3\r\n", "\r\n"}
	letters := []byte("*$+-:0123456789\r\n \"'\\\x00\xffPINGSETget")
	for range 400 {
		c, err := rig.Dial(s)
		if err != nil {
			t.Fatalf("the server takes no more connections: %v\n%s", err, s.Log())
		}
		garbage := []byte(starts[random.IntN(len(starts))])
		for range random.IntN(2000) {
			if random.IntN(2) == 0 {
				garbage = append(garbage, letters[random.IntN(len(letters))])
			} else {
				garbage = append(garbage, byte(random.IntN(256)))
			}
		}
		_ = c.Send(garbage) // refused input is no failure
		c.Close()
		if !s.Alive() {
			t.Fatalf("the server has ended after %q\n%s", garbage, s.Log())
		}
	}
	stillServes(t, s)
}

// TestOpenFilesComeBack: connections that are reset in the middle of things leave nothing open.
func TestOpenFilesComeBack(t *testing.T) {
	s := rig.Curfew(t)
	stillServes(t, s)
	before := openFiles(t, s)
	halves := []string{"", "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$100000\r\nabc", "MULTI\r\nSET k v\r\n", "WATCH k\r\n", "SUBSCRIBE c\r\n", "CLIENT TRACKING ON\r\n", "PING"}
	for i := range 700 {
		c, err := rig.Dial(s)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Send([]byte(halves[i%len(halves)])); err != nil {
			t.Fatal(err)
		}
		// No linger: the server gets a reset, not an orderly end.
		_ = c.Conn.(*net.TCPConn).SetLinger(0)
		c.Close()
	}
	eventually(t, func() error {
		if now := openFiles(t, s); now > before+5 {
			return fmt.Errorf("%d open files, %d before", now, before)
		}
		return nil
	})
	stillServes(t, s)
}

// TestSlowReaderHoldsNobodyUp: a client asks for much more than it reads; others are served, and when it reads at
// last, everything is there.
func TestSlowReaderHoldsNobodyUp(t *testing.T) {
	for _, s := range []*rig.Server{rig.Redis(t), rig.Curfew(t)} {
		const size, times = 1 << 20, 48
		value := strings.Repeat("0123456789abcdef", size/16)
		setter := dial(t, s)
		if reply, err := setter.Do("SET", "big", value); err != nil || reply.Text != "OK" {
			t.Fatalf("%s: %v, %v", s.Name, reply, err)
		}
		slow := dial(t, s)
		if err := slow.Send(bytes.Repeat(rig.Encode(nil, "GET", "big"), times)); err != nil {
			t.Fatal(err)
		}
		for range 200 {
			stillAnswers(t, s, setter)
		}
		for i := range times {
			reply, err := slow.Read()
			if err != nil || reply.Text != value {
				t.Fatalf("%s: reply %d: %d bytes, %v", s.Name, i, len(reply.Text), err)
			}
		}
		stillAnswers(t, s, slow)
	}
}

// TestSilentReaderIsBounded: with an output limit, a client that does not read is dropped, and its memory comes back.
func TestSilentReaderIsBounded(t *testing.T) {
	for _, s := range []*rig.Server{
		rig.Redis(t, "--client-output-buffer-limit", "normal 4mb 0 0"),
		rig.Curfew(t, "--client-output-buffer-limit", "normal 4mb 0 0"),
	} {
		setter := dial(t, s)
		if reply, err := setter.Do("SET", "big", strings.Repeat("x", 1<<20)); err != nil || reply.Text != "OK" {
			t.Fatalf("%s: %v, %v", s.Name, reply, err)
		}
		silent := dial(t, s)
		if err := silent.Send(bytes.Repeat(rig.Encode(nil, "GET", "big"), 64)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(quiet)
		got, err := 0, error(nil)
		for err == nil {
			var reply rig.Reply
			if reply, err = silent.Read(); err == nil {
				got += len(reply.Text)
			}
		}
		if got >= 64<<20 {
			t.Errorf("%s: a client with a limit of 4 MB got %d bytes", s.Name, got)
		}
		stillServes(t, s)
	}
}

// TestQueryBufferIsBounded: a request larger than client-query-buffer-limit ends the connection.
func TestQueryBufferIsBounded(t *testing.T) {
	for _, s := range []*rig.Server{
		rig.Redis(t, "--client-query-buffer-limit", "1mb"),
		rig.Curfew(t, "--client-query-buffer-limit", "1mb"),
	} {
		c := dial(t, s)
		request := rig.Encode(nil, "SET", "k", strings.Repeat("x", 900<<10))
		if err := c.Send(request); err != nil {
			t.Fatalf("%s: %v", s.Name, err)
		}
		if reply, err := c.Read(); err != nil || reply.Text != "OK" {
			t.Fatalf("%s: below the limit: %v, %v", s.Name, reply, err)
		}
		raw := rig.Encode(nil, "SET", "k", strings.Repeat("y", 3<<20))
		_ = c.Send(raw) // the server may close before it has read everything
		if answer, closed := transcript(c.Conn); !closed {
			t.Errorf("%s: above the limit: %s, and the connection stays open", s.Name, shortened(answer))
		}
		stillServes(t, s)
	}
}

// TestLargeValueArrivesInPieces: a value of 32 MB in pieces of odd sizes, on one connection, while others work.
func TestLargeValueArrivesInPieces(t *testing.T) {
	s := rig.Curfew(t)
	const size = 32 << 20
	c, other := dial(t, s), dial(t, s)
	if err := c.Send([]byte("*3\r\n$3\r\nSET\r\n$5\r\nlarge\r\n$" + strconv.Itoa(size) + "\r\n")); err != nil {
		t.Fatal(err)
	}
	piece := bytes.Repeat([]byte("z"), 99_991)
	for sent := 0; sent < size; sent += len(piece) {
		if err := c.Send(piece[:min(len(piece), size-sent)]); err != nil {
			t.Fatal(err)
		}
		stillAnswers(t, s, other)
	}
	if err := c.Send([]byte("\r\n")); err != nil {
		t.Fatal(err)
	}
	if reply, err := c.Read(); err != nil || reply.Text != "OK" {
		t.Fatalf("%v, %v", reply, err)
	}
	if reply, err := other.Do("STRLEN", "large"); err != nil || reply.Text != strconv.Itoa(size) {
		t.Fatalf("%v, %v", reply, err)
	}
}

// TestPromisedBytesCostNothing: a client that announces a large argument and sends nothing must not make the server
// reserve the memory.
func TestPromisedBytesCostNothing(t *testing.T) {
	s := rig.Curfew(t)
	stillServes(t, s)
	before := rss(t, s)
	for i := range 100 {
		c := dial(t, s)
		request := "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$500000000\r\nab"
		if i%2 == 0 {
			request = "*1000000000\r\n$3\r\nSET\r\n"
		}
		if err := c.Send([]byte(request)); err != nil {
			t.Fatal(err)
		}
	}
	time.Sleep(quiet)
	stillServes(t, s)
	if grown := rss(t, s) - before; grown > 64<<20 {
		t.Errorf("100 promises of much data cost %d MB", grown>>20)
	}
}

// idleGoal is the resident memory that an idle connection may cost.
const idleGoal = 8 << 10

// TestIdleConnectionsAreCheap opens ten thousand connections that have sent a command each and then do nothing.
func TestIdleConnectionsAreCheap(t *testing.T) {
	const wanted = 10_000
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	// The servers inherit the limit.
	if limit.Cur = limit.Max; limit.Cur < wanted+500 {
		t.Skipf("only %d files may be open (ulimit -Hn); %d are needed", limit.Max, wanted+500)
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	for _, s := range []*rig.Server{rig.Redis(t, "--maxclients", "12000"), rig.Curfew(t, "--maxclients", "12000")} {
		stillServes(t, s)
		before := rss(t, s)
		conns := make([]*rig.Conn, 0, wanted)
		for i := range wanted {
			c, err := rig.Dial(s)
			if err != nil {
				t.Fatalf("%s: connection %d: %v", s.Name, i, err)
			}
			conns = append(conns, c)
			if reply, err := c.Do("PING"); err != nil || reply.Text != "PONG" {
				t.Fatalf("%s: connection %d: %v, %v", s.Name, i, reply, err)
			}
		}
		each := (rss(t, s) - before) / wanted
		t.Logf("%s: %d bytes of resident memory for each of %d idle connections", s.Name, each, wanted)
		// The race detector keeps shadow memory beside every byte.
		if s.Name == "curfew" && each > idleGoal && !rig.RaceEnabled {
			t.Errorf("an idle connection costs %d bytes, want at most %d", each, idleGoal)
		}
		stillServes(t, s)
		for _, c := range conns {
			c.Close()
		}
		eventually(t, func() error {
			if now := openFiles(t, s); now > 200 {
				return fmt.Errorf("%s: %d files still open", s.Name, now)
			}
			return nil
		})
	}
}

func stillAnswers(t testing.TB, s *rig.Server, c client) {
	t.Helper()
	if reply, err := c.Do("PING"); err != nil || reply.Text != "PONG" {
		t.Fatalf("%s: %v, %v\n%s", s.Name, reply, err, s.Log())
	}
}

func rss(t testing.TB, s *rig.Server) int64 {
	t.Helper()
	n, err := s.RSS()
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func openFiles(t testing.TB, s *rig.Server) int {
	t.Helper()
	entries, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", s.PID()))
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}

// eventually waits for the condition: the server learns of a closed connection a little later.
func eventually(t testing.TB, condition func() error) {
	t.Helper()
	var err error
	for range 200 {
		if err = condition(); err == nil {
			return
		}
		time.Sleep(25 * time.Millisecond)
	}
	t.Error(err)
}
