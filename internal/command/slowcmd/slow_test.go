package slowcmd_test

import (
	"strings"
	"testing"

	"github.com/curfewkv/curfew/internal/command/commandtest"
	"github.com/curfewkv/curfew/internal/command/slowcmd"
	"github.com/curfewkv/curfew/internal/metrics"
	"github.com/curfewkv/curfew/internal/session/sessiontest"
)

const scripts = "testdata/*.txt"

func fresh(t testing.TB) *sessiontest.Server { return sessiontest.New(t) }

func TestCommandsAnswerAsTheScriptsSay(t *testing.T) { sessiontest.Run(t, scripts, fresh) }

func TestRedisAnswersAsTheScriptsSay(t *testing.T) { sessiontest.CompareWithRedis(t, scripts) }

func TestLatencyShowsSamples(t *testing.T) {
	r := fresh(t)
	r.Keys.LatencyThreshold.Override(10)
	c := r.Connect()
	unix := r.Clock.Now().Wall / 1e9
	r.Latency.Add("command", 20, unix-120)
	r.Latency.Add("command", 50, unix-60)
	r.Latency.Add("command", 30, unix)
	r.Latency.Add("fork", 15, unix-5)
	for _, q := range []struct{ ask, want string }{
		{"LATENCY LATEST", `[["command" :1772366400 :30 :50] ["fork" :1772366395 :15 :15]]`},
		{"LATENCY HISTORY command", "[[:1772366280 :20] [:1772366340 :50] [:1772366400 :30]]"},
		{"LATENCY HISTORY COMMAND", "[]"},
		{"LATENCY RESET none Fork", ":1"},
		{"LATENCY LATEST", `[["command" :1772366400 :30 :50]]`},
		{"LATENCY RESET", ":1"},
		{"LATENCY LATEST", "[]"},
	} {
		if got := strings.Join(c.Do(strings.Fields(q.ask)...), "\n"); got != q.want {
			t.Errorf("%s: %s, want %s", q.ask, got, q.want)
		}
	}
	r.Latency.Add("command", 20, unix)
	if got := c.Do("LATENCY", "GRAPH", "command")[0]; !strings.HasPrefix(got, `"command - high 20 ms, low 20 ms (all time high 20 ms)\n----`) {
		t.Errorf("graph: %s", got)
	}
	if got := c.Do("LATENCY", "DOCTOR")[0]; !strings.Contains(got, "1. command: 1 times, average 20 ms") {
		t.Errorf("doctor: %s", got)
	}
}

func TestHistogramBucketsAreRedis(t *testing.T) {
	h := metrics.NewHistogram()
	for _, ns := range []int64{1, 1023, 1024, 2047, 2048, 30_000, 32_768, 900_000, 1 << 29, 1 << 30, 1 << 39} {
		h.Record(ns)
	}
	d := slowcmd.Deps{Histograms: func(fn func(string, *metrics.Histogram)) { fn("set", h) }}
	got := commandtest.New(t, slowcmd.Specs(&d)).Text("LATENCY", "HISTOGRAM")
	want := `["set" ["calls" :11 "histogram_usec" [:1 :2 :2 :4 :4 :5 :33 :6 :66 :7 :1056 :8 :1082130 :11]]]`
	if got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
}
