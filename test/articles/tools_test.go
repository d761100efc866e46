package articles

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/curfewkv/curfew/test/rig"
)

// curfew runs a command of the toolkit and returns what it printed and its exit status.
func curfew(t *testing.T, args ...string) (stdout string, status int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, rig.Binary(t), args...)
	var out, failed bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &failed
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("curfew %s: %v", strings.Join(args, " "), err)
	}
	if failed.Len() > 0 {
		t.Logf("curfew %s: %s", strings.Join(args, " "), failed.String())
	}
	return out.String(), cmd.ProcessState.ExitCode()
}

// fill writes keys prefix:0 and so on, with a TTL or, when it is 0, without.
func fill(t *testing.T, s *rig.Server, prefix string, keys int, ttl time.Duration) *redis.Client {
	t.Helper()
	var arguments []string
	if ttl > 0 {
		arguments = []string{"PX", fmt.Sprint(ttl.Milliseconds())}
	}
	s.Fill(t, prefix+":", keys, arguments...)
	return client(t, s)
}

func TestClockFromTheCommandLine(t *testing.T) {
	both(t, func(t *testing.T, s *rig.Server) {
		if out, status := curfew(t, "ttl", "clock", "--addr", s.Addr, "--max", "5s", "--json"); status != 0 || !json.Valid([]byte(out)) {
			t.Errorf("status %d: %s", status, out)
		}
	})
}

// The loop in the shell takes two round trips for each key, and prints the first twenty of what it finds.
func TestAuditInsteadOfALoop(t *testing.T) {
	both(t, func(t *testing.T, s *rig.Server) {
		fill(t, s, "session", 3000, 0)
		fill(t, s, "page", 1000, time.Hour)
		out, status := curfew(t, "ttl", "audit", "--addr", s.Addr, "--json", "--fail-if", "no_ttl[session:*]>1000")
		if status != 1 {
			t.Errorf("status %d", status)
		}
		var report struct {
			Total struct {
				NoTTL json.RawMessage `json:"no_ttl"`
			}
			Prefixes []struct{ Prefix string }
		}
		if err := json.Unmarshal([]byte(out), &report); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		if !strings.Contains(string(report.Total.NoTTL), "3000") || len(report.Prefixes) != 2 || report.Prefixes[0].Prefix != "session:*" {
			t.Errorf("%s %+v", report.Total.NoTTL, report.Prefixes)
		}
	})
}

// The article's program waits 100 ms for each key, and counts a key that it had to try twice as updated and as skipped.
func TestFixInsteadOfABulkUpdate(t *testing.T) {
	both(t, func(t *testing.T, s *rig.Server) {
		fill(t, s, "session", 2000, 0)
		c := fill(t, s, "short", 100, time.Minute)
		args := []string{"ttl", "fix", "--addr", s.Addr, "--default", "24h", "--match", "session:*", "--jitter", "10%", "--json"}
		if out, status := curfew(t, append(args, "--dry-run")...); status != 0 || !strings.Contains(out, "2000") {
			t.Errorf("dry run: status %d: %s", status, out)
		}
		if got := c.TTL(t.Context(), "session:7").Val(); got != -1 {
			t.Errorf("the dry run set a TTL: %v", got)
		}
		if out, status := curfew(t, args...); status != 0 || !strings.Contains(out, "2000") {
			t.Errorf("status %d: %s", status, out)
		}
		for i := range 2000 {
			ttl := c.TTL(t.Context(), fmt.Sprintf("session:%d", i)).Val()
			if ttl < 21*time.Hour || ttl > 27*time.Hour {
				t.Fatalf("session:%d: %v", i, ttl)
			}
		}
		if got := c.TTL(t.Context(), "short:7").Val(); got > time.Minute || got <= 0 {
			t.Errorf("a TTL that was there is %v now", got)
		}
	})
}

// The pipe through xargs breaks on names with spaces and quotes, and in a Cluster on keys of several slots.
func TestPurgeInsteadOfXargs(t *testing.T) {
	cluster := rig.RedisCluster(t, 3, 0)
	c := redis.NewClusterClient(&redis.ClusterOptions{Addrs: cluster.Addrs()})
	defer c.Close()
	for i := range 300 {
		for _, key := range []string{fmt.Sprintf("user:1001: it's \"%d\"", i), fmt.Sprint("user:1002:", i)} {
			if err := c.Set(t.Context(), key, "v", time.Hour).Err(); err != nil {
				t.Fatal(err)
			}
		}
	}
	left := func() int64 {
		keys := int64(0)
		for _, s := range cluster.Primaries {
			keys += client(t, s).DBSize(t.Context()).Val()
		}
		return keys
	}
	addr := cluster.Addrs()[0]
	if out, status := curfew(t, "ttl", "purge", "--addr", addr, "--match", "user:1001:*", "--dry-run", "--json"); status != 0 || left() != 600 {
		t.Errorf("dry run: status %d, %d keys left: %s", status, left(), out)
	}
	if out, status := curfew(t, "ttl", "purge", "--addr", addr, "--match", "user:1001:*", "--yes", "--json"); status != 0 || left() != 300 {
		t.Errorf("status %d, %d keys left: %s", status, left(), out)
	}
}

func TestLintFindsTheLeak(t *testing.T) {
	dir := t.TempDir()
	source := "import redis\nredis_client = redis.Redis()\nredis_client.set(f\"session:{user_id}\", data)\nredis_client.set(\"k\", 1, ex=60)\n"
	if err := os.WriteFile(filepath.Join(dir, "sessions.py"), []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
	out, status := curfew(t, "ttl", "lint", dir)
	if status != 1 || strings.Count(out, "sessions.py:3") != 1 || strings.Contains(out, "sessions.py:4") {
		t.Errorf("status %d: %s", status, out)
	}
}

// The post-mortem: memory fills with keys that never end, an alarm, the fix, and memory falls.
func TestTheLeakInSmall(t *testing.T) {
	out, status := curfew(t, "ttl", "demo-leak", "--json", "--memory", "4MiB", "--ttl", "2s")
	var sum struct {
		Peak    int64 `json:"peak_bytes"`
		After   int64 `json:"after_bytes"`
		Fixed   int64 `json:"fixed"`
		Leaking int64 `json:"after_no_ttl"`
	}
	if err := json.Unmarshal([]byte(out), &sum); status != 0 || err != nil {
		t.Fatalf("status %d, %v: %s", status, err, out)
	}
	if sum.Fixed == 0 || sum.Leaking != 0 || sum.After >= sum.Peak {
		t.Errorf("%s", out)
	}
}
