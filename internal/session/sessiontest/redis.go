package sessiontest

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/curfewkv/curfew/resp"
)

const (
	// redisLimit bounds the waits for redis-server.
	redisLimit = 10 * time.Second
	// settle is how long a step whose command answers nothing is given to reach redis-server before the next step. There
	// is no other sign of it: a test that cannot wait for one has to sleep.
	settle = 30 * time.Millisecond
)

// redis is a running redis-server, a connection to control it by, and those of the case.
type redis struct {
	t     *testing.T
	addr  string
	admin *resp.Conn
	conns map[string]*resp.Conn
	ids   map[string]string
	is74  bool // or newer
}

// CompareWithRedis runs the scripts that the pattern names on a redis-server and checks that it answers as they say, but
// for the cases and the answers that are marked. Without redis-server it is skipped.
func CompareWithRedis(t *testing.T, pattern string) {
	path, err := exec.LookPath("redis-server")
	if err != nil {
		t.Skip("redis-server is not installed")
	}
	r := startRedis(t, path)
	for _, c := range load(t, pattern) {
		if c.here {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			r.t = t
			r.begin()
			for _, st := range c.steps {
				if st.directive {
					r.direct(st)
					continue
				}
				if got := r.step(st); !st.ours && (r.is74 || !st.newer) {
					judge(t, "redis", st, r.ids, got)
				}
			}
		})
	}
}

// ports are where a redis-server is started. TCP, because CLIENT LIST and MONITOR show addresses.
const firstPort, ports = 7500, 100

// startRedis starts a redis-server on some port. Tests of other packages do so at the same time, so it makes sure that
// the server on the port is its own.
func startRedis(t *testing.T, path string) *redis {
	start := rand.IntN(ports)
	for i := range ports {
		port := strconv.Itoa(firstPort + (start+i)%ports)
		cmd := exec.Command(path, "--port", port, "--bind", "127.0.0.1", "--save", "", "--loglevel", "warning", "--enable-debug-command", "yes", "--dir", t.TempDir())
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			_ = cmd.Process.Kill() // it may have ended for want of the port
			_ = cmd.Wait()         // killed: the status says nothing
		})
		r := &redis{t: t, addr: "127.0.0.1:" + port}
		r.admin = r.dial()
		if strings.Contains(r.control("INFO", "server").Str, fmt.Sprintf("process_id:%d\r", cmd.Process.Pid)) {
			r.is74 = Is74(r.control("INFO", "server").Str)
			return r
		}
		_ = r.admin.Close()
	}
	t.Fatal("no free port")
	return nil
}

// Is74 reports whether INFO is that of Redis 7.4 or newer, whose answers the scripts mark.
func Is74(info string) bool {
	_, version, _ := strings.Cut(info, "redis_version:")
	var major, minor int
	if _, err := fmt.Sscanf(version, "%d.%d", &major, &minor); err != nil {
		return false
	}
	return major > 7 || major == 7 && minor >= 4
}

// dial connects to a server that may still be starting.
func (r *redis) dial() *resp.Conn {
	r.t.Helper()
	end := time.Now().Add(redisLimit)
	for {
		c, err := resp.Dial(r.addr)
		if err == nil {
			return c
		}
		if time.Now().After(end) {
			r.t.Fatal(err)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// control runs a command on the connection that no case uses.
func (r *redis) control(args ...string) resp.Value {
	r.t.Helper()
	if err := r.admin.SetDeadline(time.Now().Add(redisLimit)); err != nil {
		r.t.Fatal(err)
	}
	v, err := r.admin.Do(args...)
	if err != nil {
		r.t.Fatalf("%q: %v", args, err)
	}
	return v
}

func (r *redis) begin() {
	for _, c := range r.conns {
		_ = c.Close() // it may be closed already
	}
	r.conns, r.ids = map[string]*resp.Conn{}, map[string]string{}
	r.control("CLIENT", "UNPAUSE")
	r.control("CLIENT", "KILL", "SKIPME", "yes")
	r.control("CONFIG", "SET", "requirepass", "", "tracking-table-max-keys", "1000000", "slowlog-log-slower-than", "-1")
	r.control("FLUSHALL")
}

func (r *redis) direct(st step) {
	switch st.args[0] {
	case "@password":
		r.control("CONFIG", "SET", "requirepass", st.args[1])
	case "@slow":
		r.control("CONFIG", "SET", "slowlog-log-slower-than", st.args[1])
	case "@tracked":
		r.control("CONFIG", "SET", "tracking-table-max-keys", st.args[1])
	}
}

// step sends the command, if any, and reads as many values as the script says.
func (r *redis) step(st step) (got []string) {
	r.t.Helper()
	c := r.conns[st.conn]
	if c == nil {
		c = r.dial()
		r.conns[st.conn] = c
		r.ids[st.conn] = r.idOf(c)
	}
	if len(st.args) > 0 {
		c.Send(fill(st.args, r.ids)...)
		if err := c.Flush(); err != nil {
			return []string{"closed"}
		}
	}
	for range st.want {
		if err := c.SetReadDeadline(time.Now().Add(redisLimit / 5)); err != nil {
			r.t.Fatal(err)
		}
		v, err := c.Receive()
		switch {
		case errors.Is(err, io.EOF), errors.Is(err, syscall.ECONNRESET):
			got = append(got, "closed")
		case err != nil:
			return append(got, err.Error())
		default:
			got = append(got, text(v))
		}
	}
	if len(st.want) == 0 {
		time.Sleep(settle)
	}
	return got
}

// idOf finds the id of a connection by its address, without a command on it.
func (r *redis) idOf(c *resp.Conn) string {
	r.t.Helper()
	addr := " addr=" + c.Net().LocalAddr().String() + " "
	for end := time.Now().Add(redisLimit); time.Now().Before(end); time.Sleep(time.Millisecond) {
		for _, line := range strings.Split(r.control("CLIENT", "LIST").Str, "\n") {
			if strings.Contains(line, addr) {
				id, _, _ := strings.Cut(strings.TrimPrefix(line, "id="), " ")
				return id
			}
		}
	}
	r.t.Fatalf("redis does not know of %s", addr)
	return ""
}
