package commandtest

import (
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/curfewkv/curfew/internal/node/nodetest"
	"github.com/curfewkv/curfew/internal/session/sessiontest"
	"github.com/curfewkv/curfew/resp"
)

// redisLimit bounds the waits for redis-server.
const redisLimit = 10 * time.Second

// marker is the channel of the message that tells that all events of a command have come.
const marker = "commandtest"

// Redis is a running redis-server and two connections to it: one for commands, one that hears the events. Its keys do not
// expire by themselves, so that all events come from the commands.
type Redis struct {
	t         testing.TB
	conn, sub *resp.Conn
	is74      bool // or newer
}

// CompareWithRedis runs the scripts that the pattern names on a redis-server and checks that it answers as they say, but
// for the cases that move the clock and the answers that are marked. Without redis-server it is skipped.
func CompareWithRedis(t *testing.T, pattern string) {
	r := StartRedis(t)
	for _, c := range load(t, pattern) {
		if c.timed {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			r.t = t
			r.reset()
			for _, st := range c.steps {
				if st.directive {
					r.direct(st)
					continue
				}
				got := answer(text(r.do(st.args...)), r.events())
				if got != st.want && !st.ours && (r.is74 || !st.newer) {
					t.Errorf("%s: %q\nredis gives %s\nscript says %s", st.at, st.args, got, st.want)
				}
			}
		})
	}
}

// StartRedis starts a redis-server that ends with the test. Without one installed the test is skipped.
func StartRedis(t *testing.T) *Redis {
	path, err := exec.LookPath("redis-server")
	if err != nil {
		t.Skip("redis-server is not installed")
	}
	socket := filepath.Join(t.TempDir(), "s")
	cmd := exec.Command(path, "--port", "0", "--unixsocket", socket, "--save", "", "--notify-keyspace-events", "EAmn",
		"--enable-debug-command", "yes", "--loglevel", "warning")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := cmd.Process.Kill(); err != nil {
			t.Log(err)
		}
		_ = cmd.Wait() // killed: the status says nothing
	})
	r := &Redis{t: t, conn: dial(t, socket), sub: dial(t, socket)}
	r.sub.Send("PSUBSCRIBE", "__keyevent@*", marker)
	if err := r.sub.Flush(); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := r.sub.Receive(); err != nil {
			t.Fatal(err)
		}
	}
	r.do("DEBUG", "SET-ACTIVE-EXPIRE", "0")
	r.is74 = sessiontest.Is74(r.do("INFO", "server").Str)
	return r
}

// dial connects to a server that may still be starting.
func dial(t *testing.T, socket string) *resp.Conn {
	end := time.Now().Add(redisLimit)
	for {
		c, err := resp.Dial("unix:" + socket)
		if err == nil {
			t.Cleanup(func() { _ = c.Close() })
			return c
		}
		if time.Now().After(end) {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func (r *Redis) do(args ...string) resp.Value {
	r.t.Helper()
	if err := r.conn.SetDeadline(time.Now().Add(redisLimit)); err != nil {
		r.t.Fatal(err)
	}
	v, err := r.conn.Do(args...)
	if err != nil {
		r.t.Fatalf("%q: %v", args, err)
	}
	return v
}

// Same runs commands on both, from empty, and reports whether all replies and events are the same. The clock of s is set
// to the time of day; s must be new.
func Same(t *testing.T, s *Server, r *Redis, commands [][]string) bool {
	r.t = t
	r.reset()
	s.Clock.StepWall(time.Since(nodetest.Start))
	for i, args := range commands {
		ours := answer(s.Text(args...), s.Events())
		if theirs := answer(text(r.do(args...)), r.events()); ours != theirs {
			t.Errorf("after %q\n%q\n ours %s\nredis %s", commands[:i], args, ours, theirs)
			return false
		}
	}
	return true
}

func (r *Redis) reset() {
	for _, args := range [][]string{
		{"HELLO", "2"}, {"FLUSHALL"}, {"SELECT", "0"},
		{"CONFIG", "SET", "maxmemory", "0", "maxmemory-policy", "noeviction"},
	} {
		r.do(args...)
	}
	r.events()
}

func (r *Redis) direct(st step) {
	switch st.args[0] {
	case "@db":
		r.do("SELECT", st.args[1])
	case "@resp3":
		r.do("HELLO", "3")
	case "@policy":
		r.do("CONFIG", "SET", "maxmemory-policy", st.args[1])
	case "@maxmemory":
		r.do("CONFIG", "SET", "maxmemory", st.args[1])
	}
}

// events are the events since the last call, as Server.Events shows them.
func (r *Redis) events() string {
	r.t.Helper()
	r.do("PUBLISH", marker, "")
	if err := r.sub.SetDeadline(time.Now().Add(redisLimit)); err != nil {
		r.t.Fatal(err)
	}
	var names []string
	for {
		v, err := r.sub.Receive()
		if err != nil {
			r.t.Fatal(err)
		}
		channel, key := v.Array[2].Str, v.Array[3].Str
		if channel == marker {
			return strings.Join(names, " ")
		}
		// __keyevent@<db>__:<event>
		db, name, _ := strings.Cut(strings.TrimPrefix(channel, "__keyevent@"), "__:")
		n, err := strconv.Atoi(db)
		if err != nil {
			r.t.Fatalf("channel %q: %v", channel, err)
		}
		names = append(names, eventText(name, key, n))
	}
}
