package articles

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/curfewkv/curfew/test/rig"
)

// python is Debian's, which has Debian's redis-py.
const python = "/usr/bin/python3"

// program runs one of testdata's programs against a server and returns the lines that it printed.
func program(t *testing.T, s *rig.Server, env []string, command ...string) []string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Env = append(os.Environ(), env...)
	if s != nil {
		cmd.Env = append(cmd.Env, "REDIS_URL=redis://"+s.Addr)
	}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(command, " "), err, out)
	}
	return strings.Split(strings.TrimSpace(string(out)), "\n")
}

// node returns the command that runs one of testdata/node's programs, with ioredis where scripts/fetch-node-clients puts it.
func node(t *testing.T, name string) (env, command []string) {
	t.Helper()
	modules, err := filepath.Abs("../../.cache/node/node_modules")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(modules, "ioredis")); err != nil {
		t.Fatalf("ioredis is not installed; `make deps` does it: %v", err)
	}
	return []string{"NODE_PATH=" + modules}, []string{"node", filepath.Join("testdata", "node", name)}
}

// both runs a test against redis-server and Curfew.
func both(t *testing.T, test func(t *testing.T, s *rig.Server)) {
	t.Run("redis", func(t *testing.T) { test(t, rig.Redis(t)) })
	t.Run("curfew", func(t *testing.T) { test(t, rig.Curfew(t)) })
}

func expect(t *testing.T, got []string, want ...string) {
	t.Helper()
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("printed\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestExpireAtWithRedisPy(t *testing.T) {
	both(t, func(t *testing.T, s *rig.Server) {
		// The articles' deadline has passed, or will: EXPIREAT with an instant in the past deletes the key.
		got := program(t, s, []string{"YEAR=2096", "TZ=Asia/Kolkata"}, python, "testdata/expireat.py")
		expect(t, got, "3991939200", "3991939200000", "True")
	})
}

func TestExpireAtWithIORedis(t *testing.T) {
	both(t, func(t *testing.T, s *rig.Server) {
		env, command := node(t, "expireat.cjs")
		got := program(t, s, append(env, "YEAR=2096", "TZ=Asia/Tokyo"), command...)
		expect(t, got, "1", "3991939200", "1", "3991939200250")
	})
}

// The articles' figures for other zones are wrong by up to half an hour and more; these are right.
func TestNaiveDatesDependOnTheZone(t *testing.T) {
	for zone, want := range map[string]string{
		"UTC": "1782864000", "Asia/Kolkata": "1782844200", "Asia/Tokyo": "1782831600", "EST5": "1782882000",
	} {
		expect(t, program(t, nil, []string{"TZ=" + zone}, python, "testdata/naive.py"), want)
	}
}

func TestAnchoredTTLWithRedisPy(t *testing.T) {
	both(t, func(t *testing.T, s *rig.Server) {
		expect(t, program(t, s, nil, python, "testdata/anchor.py"), "True")
	})
}

func TestSlidingSessionWithRedisPy(t *testing.T) {
	both(t, func(t *testing.T, s *rig.Server) {
		expect(t, program(t, s, nil, python, "testdata/session.py"), "user_id=123", "True", "None")
	})
}

func TestRateLimitWindowWithRedisPy(t *testing.T) {
	both(t, func(t *testing.T, s *rig.Server) {
		expect(t, program(t, s, nil, python, "testdata/ratelimit.py"), "10", "True")
	})
}

// Curfew has no scripts yet.
func TestLockWithIORedis(t *testing.T) {
	env, command := node(t, "lock.cjs")
	expect(t, program(t, rig.Redis(t), env, command...), "OK", "null", "0", "1")
}
