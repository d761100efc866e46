package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/curfewkv/curfew/internal/toolkit/output"
	"github.com/curfewkv/curfew/internal/toolkit/skew"
	"github.com/curfewkv/curfew/test/rig"
)

// skewedServer answers TIME with a clock that is ahead, and refuses all else.
func skewedServer(t *testing.T, ahead time.Duration) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				r := bufio.NewReader(c)
				for {
					request, err := rig.ReadReply(r)
					if err != nil || len(request.Items) == 0 {
						return
					}
					answer := "-ERR unknown command\r\n"
					switch strings.ToUpper(request.Items[0].Text) {
					case "CLIENT":
						answer = "+OK\r\n"
					case "TIME":
						at := time.Now().Add(ahead)
						s, us := strconv.FormatInt(at.Unix(), 10), strconv.Itoa(at.Nanosecond()/1000)
						answer = fmt.Sprintf("*2\r\n$%d\r\n%s\r\n$%d\r\n%s\r\n", len(s), s, len(us), us)
					}
					if _, err := c.Write([]byte(answer)); err != nil {
						return
					}
				}
			}()
		}
	}()
	return l.Addr().String()
}

func TestClockExitStatus(t *testing.T) {
	right, wrong := rig.Redis(t).Addr, skewedServer(t, 8*time.Second)
	const nobody = "127.0.0.1:1"
	prom := filepath.Join(t.TempDir(), "clock.prom")
	for name, c := range map[string]struct {
		args   string
		status int
	}{
		"one server, against this host":   {"--addr " + right, 0},
		"skewed":                          {"--nodes " + right + "," + wrong + " --textfile " + prom, 1},
		"skewed, but allowed":             {"--nodes " + right + "," + wrong + " --max 9s", 0},
		"skewed from this host":           {"--nodes " + wrong + "," + nobody, 1},
		"the same skew":                   {"--nodes-only --nodes " + wrong + "," + skewedServer(t, 8*time.Second), 0},
		"one is down":                     {"--nodes " + right + "," + nobody + "," + rig.Curfew(t).Addr, 0},
		"one is left of two":              {"--nodes " + right + "," + nobody, 2},
		"nobody answers":                  {"--nodes " + nobody, 2},
		"one cannot be compared alone":    {"--nodes-only --nodes " + right, 2},
		"nobody at the address":           {"--addr " + nobody, 2},
		"twice the same":                  {"--nodes " + right + "," + right, 2},
		"no limit":                        {"--nodes " + right + " --max 0s", 2},
		"both":                            {"--nodes " + right + " --addr " + right, 2},
		"Sentinels without a master name": {"--sentinels --addr " + right, 2},
	} {
		var out bytes.Buffer
		f := newTTLClockCommand()
		f.SetArgs(strings.Fields(c.args + " --timeout 2s --json"))
		f.SetOut(&out)
		f.SetErr(&out)
		err := f.ExecuteContext(t.Context())
		if got := exitStatusOf(err); got != c.status {
			t.Errorf("%s: exit status %d, want %d\n%s", name, got, c.status, out.String())
		}
	}
	text, err := os.ReadFile(prom)
	if err != nil || !strings.Contains(string(text), `redis_clock_skew_seconds{node="`+wrong+`"} 8.0`) && !strings.Contains(string(text), `redis_clock_skew_seconds{node="`+wrong+`"} 7.9`) {
		t.Errorf("%s %v", text, err)
	}
}

func TestClockJSON(t *testing.T) {
	cluster := rig.RedisCluster(t, 3, 3)
	// Right after the start, a primary may not say yet that it has a replica.
	rig.Eventually(t, "all six clocks are compared", func() bool {
		var out bytes.Buffer
		cmd := newTTLClockCommand()
		cmd.SetArgs([]string{"--addr", cluster.Addrs()[0], "--json"})
		cmd.SetOut(&out)
		if err := cmd.ExecuteContext(t.Context()); err != nil {
			t.Fatal(err)
		}
		var report skew.Report
		if err := json.Unmarshal(out.Bytes(), &report); err != nil {
			t.Fatal(err)
		}
		roles := map[string]int{}
		for _, n := range report.Nodes {
			roles[n.Role]++
			if n.Error == "" && n.Bound <= 0 {
				t.Fatalf("%+v has no error bound", n)
			}
		}
		return report.State == skew.Within && roles[skew.RolePrimary] == 3 && roles[skew.RoleReplica] == 3
	})
}

func exitStatusOf(err error) int {
	if status, ok := err.(exitError); ok {
		return int(status)
	}
	return output.ExitStatus(err)
}
