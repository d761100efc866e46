package prometheus

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/curfewkv/curfew/test/rig"
)

// patience bounds how long Prometheus may take to have everything.
const patience = 90 * time.Second

func TestEveryPanelHasData(t *testing.T) {
	binary := filepath.Join(t.TempDir(), "curfew")
	build := exec.Command("go", "build", "-o", binary, "./cmd/curfew")
	build.Dir = "../.."
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for name, start := range map[string]func(testing.TB, ...string) *rig.Server{"redis": rig.Redis, "curfew": rig.Curfew} {
		t.Run(name, func(t *testing.T) {
			s := start(t, "--maxmemory", "8mb", "--maxmemory-policy", "allkeys-lru")
			for i := range 1500 {
				s.Must(t, "SET", fmt.Sprint("session:", i), "x")
			}
			traffic(t, s)
			api := startPrometheus(t, exporter(t, binary, s.Addr))
			d := readDashboard(t)
			for _, v := range d.Templating.List {
				if v.Type != "query" {
					continue
				}
				m := labelValues.FindStringSubmatch(v.Definition)
				if m == nil {
					t.Fatalf("%s: %s is not label_values", v.Name, v.Definition)
				}
				rig.Eventually(t, "values of the variable "+v.Name, func() bool {
					var values []string
					get(t, api+"/api/v1/label/"+m[2]+"/values?match[]="+url.QueryEscape(substitute(m[1])), &values)
					return len(values) == 1
				})
			}
			end := time.Now().Add(patience)
			for _, p := range d.Panels {
				for _, q := range p.Targets {
					expr := substitute(q.Expr)
					for !hasData(t, api, expr, q.Range) {
						if time.Now().After(end) {
							t.Errorf("%s: no data for %s", p.Title, expr)
							break
						}
						time.Sleep(200 * time.Millisecond)
					}
				}
			}
			checkValues(t, api)
		})
	}
}

// checkValues looks at figures that must not be zero under the traffic that there is.
func checkValues(t *testing.T, api string) {
	for _, expr := range []string{
		`redis_up == 1`, `redis_no_ttl_keys_total >= 1500`, `redis_no_ttl_keys{prefix="session:*"} >= 1500`, `redis_memory_used_bytes > 0`,
		`rate(redis_expired_keys_total[15s]) > 0`, `rate(redis_keyspace_hits_total[15s]) > 0`, `rate(redis_keyspace_misses_total[15s]) > 0`,
		`rate(redis_commands_processed_total[15s]) > 0`, `redis_db_keys_expiring > 0`, `redis_db_avg_ttl_seconds > 0`,
		`ALERTS{alertname="RedisKeysWithoutTTL",alertstate="firing"} == 1`,
	} {
		rig.Eventually(t, expr, func() bool { return hasData(t, api, expr, false) })
	}
	for _, alert := range []string{"RedisDown", "RedisExporterDown", "RedisClockSkew", "RedisWriteFailures", "RedisMemoryCritical", "RedisTTLSamplerStale"} {
		if expr := fmt.Sprintf(`ALERTS{alertname=%q}`, alert); hasData(t, api, expr, false) {
			t.Errorf("%s is an alarm, and nothing is wrong", alert)
		}
	}
}

// traffic runs until the test ends: hits, misses, and keys that expire.
func traffic(t *testing.T, s *rig.Server) {
	c, err := rig.Dial(s)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	t.Cleanup(func() { cancel(); wg.Wait(); c.Close() })
	wg.Go(func() {
		for i := 0; ctx.Err() == nil; i++ {
			for _, args := range [][]string{
				{"SET", fmt.Sprint("page:", i), "x", "PX", "200"},
				{"SET", fmt.Sprint("cart:", i%50), "x", "EX", "1000"},
				{"GET", fmt.Sprint("session:", i%1000)},
				{"GET", fmt.Sprint("none:", i)},
			} {
				if _, err := c.Do(args...); err != nil {
					return
				}
			}
			time.Sleep(10 * time.Millisecond)
		}
	})
}

// launch starts a program that ends with the test.
func launch(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		kill := time.AfterFunc(5*time.Second, func() { _ = cmd.Process.Kill() })
		defer kill.Stop()
		_ = cmd.Wait()
	})
}

// exporter starts `curfew ttl exporter` and returns its address.
func exporter(t *testing.T, binary, addr string) string {
	t.Helper()
	cmd := exec.Command(binary, "ttl", "exporter", "--addr", addr, "--listen", "127.0.0.1:0", "--clock-every", "1s", "--sample-every", "1s")
	says, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	launch(t, cmd)
	line, err := bufio.NewReader(says).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	_, at, ok := strings.Cut(strings.TrimSpace(line), "http://")
	if !ok {
		t.Fatalf("the exporter says %q", line)
	}
	go func() { _, _ = io.Copy(io.Discard, says) }()
	return strings.TrimSuffix(at, "/metrics")
}

// startPrometheus starts one that scrapes the exporter each second, and returns its address.
func startPrometheus(t *testing.T, target string) string {
	t.Helper()
	rules, err := filepath.Abs(deploy + "/prometheus/rules.yml")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	config := fmt.Sprintf("global: {scrape_interval: 1s, evaluation_interval: 1s}\nrule_files: [%q]\n"+
		"scrape_configs:\n  - job_name: redis\n    static_configs: [{targets: [%q]}]\n", rules, target)
	if err := os.WriteFile(filepath.Join(dir, "prometheus.yml"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at := l.Addr().String()
	l.Close()
	cmd := exec.Command("prometheus", "--config.file", filepath.Join(dir, "prometheus.yml"),
		"--storage.tsdb.path", filepath.Join(dir, "data"), "--web.listen-address", at, "--log.level", "error")
	cmd.Stderr = os.Stderr
	launch(t, cmd)
	rig.Eventually(t, "Prometheus is ready", func() bool {
		response, err := http.Get("http://" + at + "/-/ready")
		if err != nil {
			return false
		}
		response.Body.Close()
		return response.StatusCode == http.StatusOK
	})
	return "http://" + at
}

// get asks Prometheus's API and reads the data of its answer.
func get(t *testing.T, address string, into any) {
	t.Helper()
	response, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	answer := struct {
		Status, Error string
		Data          any
	}{Data: into}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		t.Fatal(err)
	}
	if answer.Status != "success" {
		t.Fatalf("%s: %s", address, answer.Error)
	}
}

// hasData reports whether a query has a sample that is a number.
func hasData(t *testing.T, api, expr string, overTime bool) bool {
	t.Helper()
	var data struct {
		Result []struct {
			Value  []any
			Values [][]any
		}
	}
	address := api + "/api/v1/query?query=" + url.QueryEscape(expr)
	if overTime {
		now := time.Now().Unix()
		address = fmt.Sprintf("%s/api/v1/query_range?query=%s&start=%d&end=%d&step=1", api, url.QueryEscape(expr), now-30, now)
	}
	get(t, address, &data)
	for _, series := range data.Result {
		for _, sample := range append(series.Values, series.Value) {
			if len(sample) == 2 && sample[1] != "NaN" {
				return true
			}
		}
	}
	return false
}
