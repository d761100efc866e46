package slowcmd_test

import (
	"strings"
	"testing"

	"github.com/curfewkv/curfew/internal/command"
	"github.com/curfewkv/curfew/internal/command/slowcmd"
	"github.com/curfewkv/curfew/internal/latency"
	"github.com/curfewkv/curfew/internal/metrics"
	"github.com/curfewkv/curfew/internal/session/sessiontest"
)

const scripts = "testdata/*.txt"

// rig is a server with the family, whose inputs the test sets.
type rig struct {
	*sessiontest.Server
	latency    *latency.Monitor
	threshold  int64
	histograms func(fn func(string, *metrics.Histogram))
}

func newRig(t testing.TB) *rig {
	r := &rig{}
	r.latency = latency.New(func() int64 { return r.threshold })
	r.Server = sessiontest.New(t, func(s *sessiontest.Server) []*command.Spec {
		r.histograms = func(fn func(string, *metrics.Histogram)) {
			for _, c := range s.Dispatch.CommandTotals() {
				if c.Histogram != nil {
					fn(c.Spec.Full, c.Histogram)
				}
			}
		}
		return slowcmd.Specs(&slowcmd.Deps{
			Slowlog: s.Slow, Latency: r.latency, Facts: func() latency.Facts { return latency.Facts{} },
			Histograms: func(fn func(string, *metrics.Histogram)) { r.histograms(fn) },
		})
	})
	return r
}

func TestCommandsAnswerAsTheScriptsSay(t *testing.T) {
	sessiontest.Run(t, scripts, func(t testing.TB) *sessiontest.Server { return newRig(t).Server })
}

func TestRedisAnswersAsTheScriptsSay(t *testing.T) { sessiontest.CompareWithRedis(t, scripts) }

func TestLatencyShowsSamples(t *testing.T) {
	r := newRig(t)
	r.threshold = 10
	c := r.Connect()
	unix := r.Clock.Now().Wall / 1e9
	r.latency.Add("command", 20, unix-120)
	r.latency.Add("command", 50, unix-60)
	r.latency.Add("command", 30, unix)
	r.latency.Add("fork", 15, unix-5)
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
	r.latency.Add("command", 20, unix)
	if got := c.Do("LATENCY", "GRAPH", "command")[0]; !strings.HasPrefix(got, `"command - high 20 ms, low 20 ms (all time high 20 ms)\n----`) {
		t.Errorf("graph: %s", got)
	}
	if got := c.Do("LATENCY", "DOCTOR")[0]; !strings.Contains(got, "1. command: 1 times, average 20 ms") {
		t.Errorf("doctor: %s", got)
	}
}

func TestHistogramBucketsAreRedis(t *testing.T) {
	r := newRig(t)
	h := metrics.NewHistogram()
	for _, ns := range []int64{1, 1023, 1024, 2047, 2048, 30_000, 32_768, 900_000, 1 << 29, 1 << 30, 1 << 39} {
		h.Record(ns)
	}
	r.histograms = func(fn func(string, *metrics.Histogram)) { fn("set", h) }
	got := r.Connect().Do("LATENCY", "HISTOGRAM")[0]
	want := `["set" ["calls" :11 "histogram_usec" [:1 :2 :2 :4 :4 :5 :33 :6 :66 :7 :1056 :8 :1082130 :11]]]`
	if got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
}
