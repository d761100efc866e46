package exporter

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/curfewkv/curfew/internal/toolkit/connect"
	"github.com/curfewkv/curfew/internal/toolkit/reading"
	"github.com/curfewkv/curfew/test/rig"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// serve runs an exporter until the test ends and returns how to scrape it.
func serve(t *testing.T, o Options) func(path string) (string, int) {
	t.Helper()
	if o.Deadline == 0 {
		o.Deadline = 5 * time.Second
	}
	e := New(o)
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { e.Run(ctx) })
	server := httptest.NewServer(e.Handler())
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	t.Cleanup(func() { server.Close(); cancel(); wg.Wait() })
	return func(path string) (string, int) {
		t.Helper()
		response, err := client.Get(server.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		return string(body), response.StatusCode
	}
}

// value is that of the first series that begins so.
func value(t *testing.T, text, series string) float64 {
	t.Helper()
	for line := range strings.Lines(text) {
		if rest, ok := strings.CutPrefix(line, series); ok {
			n, err := strconv.ParseFloat(strings.TrimSpace(rest[strings.LastIndex(rest, " ")+1:]), 64)
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
	}
	t.Errorf("no %s in\n%s", series, text)
	return -1
}

// metrics scrapes until the node answers: it is found in the background.
func metrics(t *testing.T, get func(string) (string, int), want string) string {
	t.Helper()
	var text string
	rig.Eventually(t, want, func() bool {
		text, _ = get("/metrics")
		return strings.Contains(text, want)
	})
	return text
}

func TestSeriesOfOneServer(t *testing.T) {
	for name, start := range map[string]func(testing.TB, ...string) *rig.Server{"redis": rig.Redis, "curfew": rig.Curfew} {
		t.Run(name, func(t *testing.T) {
			s := start(t, "--maxmemory", "64mb")
			s.Fill(t, "session:", 300)
			s.Fill(t, "cart:", 200, "EX", "1000")
			s.Must(t, "GET", "cart:1")
			s.Must(t, "GET", "none")
			s.Must(t, "CONFIG", "SET", "maxmemory", "1")
			if reply, err := s.Do("SET", "a", "b"); err != nil || !strings.HasPrefix(reply.Text, "OOM") {
				t.Fatalf("%v %v", reply, err)
			}
			sampler, err := reading.NewSampler(reading.SamplerOptions{Rate: 1e6})
			if err != nil {
				t.Fatal(err)
			}
			get := serve(t, Options{Connect: connect.Options{Addrs: []string{s.Addr}, AllDBs: true}, Sampler: sampler, ClockEvery: time.Minute})
			text := metrics(t, get, "redis_clock_skew_seconds{")
			text += metrics(t, get, "redis_no_ttl_keys{")
			addr := `{addr="` + s.Addr + `"`
			for series, want := range map[string]float64{
				"redis_up" + addr:                                     1,
				"redis_db_keys" + addr + `,db="db0"}`:                 500,
				"redis_db_keys_expiring" + addr + `,db="db0"}`:        200,
				"redis_db_keys_no_ttl" + addr + `,db="db0"}`:          300,
				"redis_no_ttl_keys_total" + addr + `,db="db0"}`:       300,
				`redis_no_ttl_keys{prefix="session:*"}`:               300,
				"redis_ttl_sampler_complete":                          1,
				"redis_memory_max_bytes" + addr:                       1,
				"redis_keyspace_hits_total" + addr:                    1, // the sampler comes later
				"redis_write_failures_total" + addr + `,err="OOM"}`:   1,
				"redis_write_failures_total" + addr + `,err="MISCONF`: 0,
				"redis_errors_total" + addr + `,err="OOM"}`:           1,
				"redis_commands_total" + addr + `,cmd="set"}`:         500,
				"redis_exporter_last_scrape_error" + addr:             0,
			} {
				got := value(t, text, series)
				if strings.HasPrefix(series, "redis_keyspace_hits") {
					if got < want {
						t.Errorf("%s: %v", series, got)
					}
				} else if got != want {
					t.Errorf("%s: %v, want %v", series, got, want)
				}
			}
			if ttl := value(t, text, "redis_db_avg_ttl_seconds"+addr); ttl < 0 || ttl > 1000 {
				t.Errorf("average TTL %v s", ttl)
			}
			if name == "curfew" {
				value(t, text, "redis_expire_lag_seconds"+addr+`,cycle="active",percentile="p99"}`)
				value(t, text, "redis_expire_due_backlog"+addr)
			}
			lint(t, text[:strings.LastIndex(text, "# HELP redis_aof_enabled")])
		})
	}
}

// lint runs promtool, which knows the naming rules. The one exception is the name that the articles gave.
func lint(t *testing.T, text string) {
	t.Helper()
	cmd := exec.Command("promtool", "check", "metrics")
	cmd.Stdin = strings.NewReader(text)
	out, err := cmd.CombinedOutput()
	for line := range strings.Lines(string(out)) {
		if !strings.HasPrefix(line, "redis_no_ttl_keys_total non-counter metrics should not have") {
			t.Errorf("promtool: %s", line)
		}
	}
	if exit, ok := err.(*exec.ExitError); err != nil && (!ok || exit.ExitCode() != 3) { // 3: linted
		t.Errorf("promtool: %v", err)
	}
}

func TestAScrapeCostsTheSameWithAMillionKeys(t *testing.T) {
	s := rig.Redis(t, "--enable-debug-command", "yes")
	// The topology is asked for now and again, and not by scrapes: here, not at all once it is known.
	get := serve(t, Options{Connect: connect.Options{Addrs: []string{s.Addr}}, Refresh: time.Hour})
	metrics(t, get, "redis_up{addr=\""+s.Addr+"\"} 1")
	for _, keys := range []string{"10000", "1000000"} {
		s.Must(t, "DEBUG", "POPULATE", keys)
		s.Must(t, "CONFIG", "RESETSTAT")
		const scrapes = 20
		for range scrapes {
			text, _ := get("/metrics")
			if got := value(t, text, "redis_db_keys{"); strconv.Itoa(int(got)) != keys {
				t.Fatalf("%v keys", got)
			}
		}
		// RESETSTAT counts itself; nothing but INFO came since.
		stats := s.Must(t, "INFO", "commandstats").Text
		for line := range strings.Lines(stats) {
			name, _, _ := strings.Cut(strings.TrimSpace(line), ":")
			if strings.HasPrefix(name, "cmdstat_") && name != "cmdstat_info" && name != "cmdstat_config|resetstat" {
				t.Errorf("%s keys: a scrape runs %s", keys, line)
			}
		}
		if want := fmt.Sprintf("cmdstat_info:calls=%d,", scrapes); !strings.Contains(stats, want) {
			t.Errorf("%s keys: no %s in\n%s", keys, want, stats)
		}
	}
}

func TestAHungNodeHoldsNobodyUp(t *testing.T) {
	primary := rig.Redis(t)
	replica := rig.Redis(t, "--replicaof", strings.Replace(primary.Addr, ":", " ", 1))
	rig.Eventually(t, "the replica is in step", func() bool {
		return strings.Contains(primary.Must(t, "INFO", "replication").Text, "state=online") &&
			strings.Contains(replica.Must(t, "INFO", "replication").Text, "master_link_status:up")
	})
	get := serve(t, Options{Connect: connect.Options{Addrs: []string{primary.Addr}}, Deadline: 300 * time.Millisecond})
	up := func(s *rig.Server, n string) string { return `redis_up{addr="` + s.Addr + `"} ` + n }
	metrics(t, get, up(replica, "1"))
	if err := syscall.Kill(replica.PID(), syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	text, _ := get("/metrics")
	_ = syscall.Kill(replica.PID(), syscall.SIGCONT)
	if !strings.Contains(text, up(primary, "1")) || !strings.Contains(text, up(replica, "0")) {
		t.Errorf("a replica hangs:\n%s", text)
	}
	if got := value(t, text, `redis_exporter_last_scrape_error{addr="`+replica.Addr+`",err="timeout"}`); got != 1 {
		t.Errorf("the reason is not a timeout")
	}
	metrics(t, get, up(replica, "1"))
	replica.Kill()
	metrics(t, get, `redis_exporter_last_scrape_error{addr="`+replica.Addr+`",err="connection"} 1`)
}

func TestTheNewPrimaryIsFound(t *testing.T) {
	w := rig.RedisSentinel(t, 1)
	get := serve(t, Options{Connect: connect.Options{Addrs: w.Addrs(), SentinelMaster: w.Master}, Deadline: time.Second})
	metrics(t, get, `redis_instance_info{addr="`+w.Replicas[0].Addr+`",curfew_version="",maxmemory_policy="noeviction"`)
	promoted := w.Failover(t)
	text := metrics(t, get, `redis_up{addr="`+w.Primary.Addr+`"} 0`)
	if !strings.Contains(text, `redis_up{addr="`+promoted.Addr+`"} 1`) {
		t.Errorf("the new primary is not there:\n%s", text)
	}
}

func TestServersThatRefuse(t *testing.T) {
	s := rig.Redis(t, rig.Restricted...)
	s.Must(t, "SET", "a", "1")
	s.Must(t, "ACL", "SETUSER", "blind", "on", ">secret", "~*", "+@read", "+@connection", "-@dangerous")
	text := metrics(t, serve(t, Options{Connect: connect.Options{Addrs: []string{s.Addr}}}), "redis_db_keys_no_ttl")
	if value(t, text, "redis_db_keys_no_ttl{") != 1 {
		t.Error("the key is not counted")
	}
	blind := connect.Options{Addrs: []string{s.Addr}, User: "blind", Password: "secret"}
	text = metrics(t, serve(t, Options{Connect: blind}), `redis_up{addr="`+s.Addr+`"} 1`)
	if value(t, text, `redis_exporter_last_scrape_error{addr="`+s.Addr+`",err="refused"}`) != 1 || strings.Contains(text, "redis_db_keys") {
		t.Errorf("without INFO:\n%s", text)
	}
	wrong := connect.Options{Addrs: []string{s.Addr}, User: "blind", Password: "guess"}
	metrics(t, serve(t, Options{Connect: wrong}), `redis_exporter_last_scrape_error{addr="`+s.Addr+`",err="authentication"} 1`)
	nobody := connect.Options{Addrs: []string{"127.0.0.1:1"}}
	metrics(t, serve(t, Options{Connect: nobody}), `redis_exporter_last_scrape_error{addr="127.0.0.1:1",err="connection"} 1`)
}

func TestOnlyAllowedTargetsAreScraped(t *testing.T) {
	a, b := rig.Redis(t), rig.Redis(t)
	get := serve(t, Options{Connect: connect.Options{Addrs: []string{a.Addr}}, Targets: []string{b.Addr}})
	for path, want := range map[string]int{
		"/scrape?target=" + b.Addr:                        200,
		"/scrape?target=redis://" + b.Addr:                200,
		"/scrape?target=rediss://" + b.Addr:               200,
		"/scrape?target=redis://" + b.Addr + "/3":         200,
		"/scrape?target=" + a.Addr:                        403,
		"/scrape?target=redis://127.0.0.1:22":             403,
		"/scrape?target=unix:///var/run/redis.sock":       403,
		"/scrape?target=redis://user:secret@" + b.Addr:    400,
		"/scrape?target=redis://" + b.Addr + "@evil.test": 400,
		"/scrape":            403,
		"/scrape?target=%00": 403,
		"/healthz":           200,
		"/":                  200,
		"/nothing":           404,
	} {
		if _, got := get(path); got != want {
			t.Errorf("%s: %d, want %d", path, got, want)
		}
	}
	rig.Eventually(t, "the target is shown, and it only", func() bool {
		text, _ := get("/scrape?target=" + b.Addr)
		return strings.Contains(text, `redis_up{addr="`+b.Addr+`"} 1`) && !strings.Contains(text, a.Addr)
	})
}

// The user that docs/monitoring.md proposes can do all that the exporter does.
func TestTheUserOfThePageSuffices(t *testing.T) {
	page, err := os.ReadFile("../../../docs/monitoring.md")
	if err != nil {
		t.Fatal(err)
	}
	_, line, ok := strings.Cut(string(page), "ACL SETUSER exporter ")
	if !ok {
		t.Fatal("there is no ACL SETUSER in the page")
	}
	line, _, _ = strings.Cut(line, "\n")
	s := rig.Redis(t)
	s.Must(t, append([]string{"ACL", "SETUSER", "exporter"}, strings.Fields(line)...)...)
	s.Must(t, "SET", "session:1", "x")
	sampler, err := reading.NewSampler(reading.SamplerOptions{Rate: 1e6})
	if err != nil {
		t.Fatal(err)
	}
	get := serve(t, Options{Sampler: sampler, ClockEvery: time.Second, Connect: connect.Options{
		Addrs: []string{s.Addr}, User: "exporter", Password: "PASSWORD", AllDBs: true,
	}})
	metrics(t, get, "redis_no_ttl_keys{")
	text := metrics(t, get, "redis_clock_skew_seconds{")
	if value(t, text, "redis_up{") != 1 || value(t, text, "redis_db_keys{") != 1 || value(t, text, "redis_exporter_last_scrape_error{") != 0 {
		t.Errorf("%s", text)
	}
	if refused := s.Must(t, "ACL", "LOG").String(); strings.Contains(refused, "exporter") {
		t.Errorf("refused: %s", refused)
	}
}
