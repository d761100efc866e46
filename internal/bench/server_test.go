package bench

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/curfewkv/curfew/resp"
)

// The bystander is this program started again, here the test.
func TestMain(m *testing.M) {
	if n := len(BystanderArgs); len(os.Args) > n && slices.Equal(os.Args[1:n+1], BystanderArgs) {
		if err := Bystander(os.Args[n+1:], os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// stub is a server that answers as it is told: measurements can be tested against behaviour that is known exactly.
type stub struct {
	listener net.Listener
	reply    func(args []string) string // the reply's bytes; called with mu held
	mu       sync.Mutex
	conns    []net.Conn
	closed   bool
	done     sync.WaitGroup
}

// startStub serves until the test ends.
func startStub(t *testing.T, reply func(args []string) string) *stub {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &stub{listener: l, reply: reply}
	s.done.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			s.mu.Lock()
			s.conns = append(s.conns, c)
			if s.closed {
				_ = c.Close()
			}
			s.mu.Unlock()
			s.done.Go(func() { s.serve(c) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		s.mu.Lock()
		s.closed = true
		for _, c := range s.conns {
			_ = c.Close()
		}
		s.mu.Unlock()
		s.done.Wait()
	})
	return s
}

func (s *stub) serve(c net.Conn) {
	r := resp.NewReader(c) // a request is an array of bulk strings, which a client's reader understands too
	for {
		v, err := r.Read()
		if err != nil {
			return
		}
		var args []string
		for _, a := range v.Array {
			args = append(args, a.Str)
		}
		s.mu.Lock()
		out := s.reply(args)
		s.mu.Unlock()
		if _, err := c.Write([]byte(out)); err != nil {
			return
		}
	}
}

// target connects to the stub.
func (s *stub) target(t *testing.T) *Target {
	t.Helper()
	target, _, err := (&Running{Label: "stub", Addr: s.listener.Addr().String()}).Launch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	target.progress = func(string, int64) (func(int64), func()) { return func(int64) {}, func() {} }
	if err := target.dial(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = target.conn.Close() })
	return target
}

// polite answers what every measurement begins with.
func polite(args []string) string {
	switch strings.ToUpper(args[0]) {
	case "GET":
		return "$1\r\nx\r\n"
	case "INFO":
		text := "# Server\r\nredis_version:7.0.0\r\ncurfew_version:0.5\r\nused_memory:1000\r\n"
		return "$" + strconv.Itoa(len(text)) + "\r\n" + text + "\r\n"
	}
	return "+OK\r\n"
}

func redisServer(t *testing.T) *Program {
	t.Helper()
	path, err := exec.LookPath("redis-server")
	if err != nil {
		t.Skip("redis-server is not installed")
	}
	return &Program{Label: "redis", Path: path, Core: -1, Config: DefaultConfig()}
}

// A stall must be charged to every request that fell due while it lasted, not to the one that met it.
func TestBystanderChargesAStallToAllRequestsThatItKeepsWaiting(t *testing.T) {
	const stall, every = 100 * time.Millisecond, 5 * time.Millisecond
	gets := 0
	s := startStub(t, func(args []string) string {
		if args[0] == "GET" {
			if gets++; gets == 10 {
				time.Sleep(stall)
			}
		}
		return polite(args)
	})
	target := s.target(t)
	b, err := startBystander(target, every)
	if err != nil {
		t.Fatal(err)
	}
	for start := time.Now(); time.Since(start) < 2*stall+20*every; {
		time.Sleep(every)
	}
	seen, err := target.stopBystander(b)
	if err != nil {
		t.Fatal(err)
	}
	long := 0
	for i, w := range seen {
		if w.took > stall/4 {
			long++
		}
		if i > 0 && w.due < seen[i-1].due {
			t.Errorf("request %d was due before its predecessor", i)
		}
	}
	// The first waits the whole stall, each following one 5 ms less: 15 of them wait more than a quarter of it. On a busy
	// machine the stall can only be longer.
	if long < 15 {
		t.Errorf("%d requests waited long, want at least 15: %v", long, seen)
	}
	if worst := seen.distribution().max(); worst < stall {
		t.Errorf("worst wait %v, want %v", worst, stall)
	}
	if len(target.late) == 0 {
		t.Error("the driver's own lateness was not noted")
	}
}

func TestBystanderReportsWhatGoesWrong(t *testing.T) {
	for reply, want := range map[string]string{
		"-ERR broken\r\n": "ERR broken",
		"$-1\r\n":         "key is gone",
	} {
		s := startStub(t, func(args []string) string {
			if args[0] == "GET" {
				return reply
			}
			return polite(args)
		})
		b, err := startBystander(s.target(t), time.Millisecond)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := b.stop(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", reply, err, want)
		}
	}
}

func TestLoadSendsEveryRequestOnceAndCountsErrors(t *testing.T) {
	for _, shape := range []struct{ connections, pipeline, requests int }{{1, 1, 7}, {3, 4, 50}, {5, 16, 17}, {8, 16, 3}} {
		got := make(map[string]int) // guarded by the stub's mutex
		s := startStub(t, func(args []string) string {
			if args[0] == "SET" {
				got[args[1]]++
				if strings.HasSuffix(args[1], "2") {
					return "-OOM no room\r\n"
				}
			}
			return polite(args)
		})
		l := load{addr: s.listener.Addr().String(), connections: shape.connections, pipeline: shape.pipeline,
			requests: int64(shape.requests), command: set("k:", []byte("value")), sample: true}
		r, err := l.run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		s.mu.Lock()
		failed := (shape.requests + 7) / 10 // numbers that end in 2
		if r.requests != int64(shape.requests) || r.failed != int64(failed) || len(got) != shape.requests {
			t.Errorf("%+v: %d answered, %d failed, %d keys", shape, r.requests, r.failed, len(got))
		}
		if err := r.check(); err == nil || r.firstError != "OOM no room" {
			t.Errorf("%+v: error replies went unnoticed: %v, %q", shape, err, r.firstError)
		}
		if pipelines := (shape.requests + shape.pipeline - 1) / shape.pipeline; len(r.seen) != pipelines {
			t.Errorf("%+v: %d waits, want %d", shape, len(r.seen), pipelines)
		}
		for key, n := range got {
			if n != 1 || len(key) != keyLength {
				t.Errorf("%+v: key %q sent %d times", shape, key, n)
			}
		}
		s.mu.Unlock()
	}
}

func TestLoadWritesRequestsLargerThanTheSocketTakes(t *testing.T) {
	var bytes int
	s := startStub(t, func(args []string) string {
		if args[0] == "SET" {
			bytes += len(args[2])
		}
		return polite(args)
	})
	const size, n = 8 << 20, 3
	l := load{addr: s.listener.Addr().String(), connections: 1, pipeline: 1, requests: n, command: set("k:", make([]byte, size))}
	if _, err := l.run(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if bytes != size*n {
		t.Errorf("%d bytes arrived, want %d", bytes, size*n)
	}
}

func TestLoadEndsWhenTheServerHangsUp(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		if c, err := l.Accept(); err == nil {
			_ = c.Close()
		}
	}()
	load := load{addr: l.Addr().String(), connections: 1, pipeline: 1, requests: 10, command: set("k:", nil)}
	if _, err := load.run(t.Context()); err == nil {
		t.Error("no error")
	}
}

func TestVersionPrefersTheServersOwn(t *testing.T) {
	if got := startStub(t, polite).target(t).version(); got != "curfew 0.5" {
		t.Errorf("version %q", got)
	}
}

// fixed is a scenario whose figures are known.
type fixed struct {
	values []float64 // one per run
	fail   string    // contender for which it fails
}

func (*fixed) Name() string  { return "fixed" }
func (*fixed) Short() string { return "" }
func (*fixed) About() string { return "About <it>." }

func (f *fixed) run(t *Target) ([]Figure, error) {
	if t.Name == f.fail {
		return nil, errors.New("no such command")
	}
	v := f.values[0]
	f.values = f.values[1:]
	return []Figure{
		{Name: "cost", Unit: MicrosPerRequest, Better: Lower, Goal: ofPeer(0.5, ""), Value: v},
		{Name: "memory", Unit: BytesPerKey, Better: Lower, Goal: limit(72), Value: v * 10},
		Figure{Name: "late", Unit: Millis, Better: Lower, Goal: limit(1000), Value: v, AtLeast: true},
		Figure{Name: "absent", Unit: Millis, Better: Lower, Goal: limit(1)}.unless(true, "unknown command"),
	}, nil
}
