package exporter

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/curfewkv/curfew/internal/toolkit/reading"
)

// maxCommands bounds the series by command: servers have about 250, modules add theirs, and no more than that.
const maxCommands = 600

// nodeFigures are the readings of one scrape.
type nodeFigures []reading.Reading

// Describe implements prometheus.Collector. Nothing is promised: what a node tells depends on its version.
func (nodeFigures) Describe(chan<- *prometheus.Desc) {}

// Collect implements prometheus.Collector.
func (f nodeFigures) Collect(out chan<- prometheus.Metric) {
	for _, r := range f {
		collectNode(out, r)
	}
}

func collectNode(out chan<- prometheus.Metric, r reading.Reading) {
	g := func(desc *prometheus.Desc, n float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, n, append([]string{r.Node}, labels...)...)
	}
	g(nodeDurationDesc, r.Took.Seconds())
	if !r.Up() {
		g(upDesc, 0)
		g(nodeErrorDesc, 1, reason(r.Err))
		return
	}
	g(upDesc, 1)
	if r.Refused {
		g(nodeErrorDesc, 1, "refused")
		return
	}
	g(nodeErrorDesc, 0, "")
	field := func(name string) string { return text(r.Fields[name]) }
	mode := field("redis_mode")
	if mode == "" {
		mode = field("server_mode")
	}
	g(instanceDesc, 1, field("role"), field("redis_version"), mode, field("os"), field("maxmemory_policy"), field("tcp_port"),
		field("run_id"), field("valkey_version"), field("curfew_version"))
	if status := r.Fields["master_link_status"]; status != "" {
		up := 0.0
		if status == "up" {
			up = 1
		}
		g(masterLinkDesc, up, field("master_host"), field("master_port"))
	}
	collectFields(out, r)
	collectDatabases(g, r)
	collectCounts(out, r)
	for name, value := range r.Fields {
		if cycle, ok := strings.CutPrefix(name, "expire_lag_percentiles_usec_"); ok && (cycle == "active" || cycle == "lazy") {
			collectLag(g, cycle, value)
		}
	}
}

func collectDatabases(g func(*prometheus.Desc, float64, ...string), r reading.Reading) {
	for _, d := range r.Databases {
		db := "db" + strconv.Itoa(d.Number)
		g(dbKeysDesc, float64(d.Keys), db)
		g(dbExpiringDesc, float64(d.Expires), db)
		g(dbTTLDesc, d.AvgTTL.Seconds(), db)
		g(dbNoTTLDesc, float64(d.NoTTL()), db)
		g(noTTLDesc, float64(d.NoTTL()), db)
	}
	if len(r.Databases) == 0 {
		// An empty server has no databases in INFO; an alarm resolves on a zero, and not on a series that is gone.
		g(dbKeysDesc, 0, "db0")
		g(dbExpiringDesc, 0, "db0")
		g(dbNoTTLDesc, 0, "db0")
		g(noTTLDesc, 0, "db0")
	}
}

func collectCounts(out chan<- prometheus.Metric, r reading.Reading) {
	c := func(desc *prometheus.Desc, n float64, label string) {
		out <- prometheus.MustNewConstMetric(desc, prometheus.CounterValue, n, r.Node, text(label))
	}
	for _, e := range r.Errors {
		c(errorsDesc, e.N, e.Name)
	}
	if kinds, ok := r.WriteFailures(); ok {
		for _, k := range kinds {
			c(writeFailuresDesc, k.N, k.Name)
		}
	}
	for _, command := range r.Commands[:min(len(r.Commands), maxCommands)] {
		c(commandsDesc, command.Calls, command.Name)
		c(commandTimeDesc, command.Time.Seconds(), command.Name)
	}
}

// collectLag reads p50=1.5,p99=20 in microseconds.
func collectLag(g func(*prometheus.Desc, float64, ...string), cycle, value string) {
	for pair := range strings.SplitSeq(value, ",") {
		p, us, _ := strings.Cut(pair, "=")
		if n, err := strconv.ParseFloat(us, 64); err == nil && (p == "p50" || p == "p99" || p == "p99.9") {
			g(expireLagDesc, n/1e6, cycle, p)
		}
	}
}

// text is fit for a label: what a server sends need not be UTF-8.
func text(s string) string { return strings.ToValidUTF8(s, "�") }

// reason puts an error into one of a few classes: the text itself would make a series for each port number.
func reason(err error) string {
	var dial *net.OpError
	message := fmt.Sprint(err)
	switch {
	case errors.Is(err, context.DeadlineExceeded), strings.Contains(message, "i/o timeout"), strings.Contains(message, "pool timeout"):
		return "timeout"
	case strings.Contains(message, "NOAUTH"), strings.Contains(message, "WRONGPASS"), strings.Contains(message, "invalid password"):
		return "authentication"
	case strings.Contains(message, "LOADING"):
		return "loading"
	case strings.Contains(message, "certificate"), strings.Contains(message, "tls:"):
		return "tls"
	case errors.As(err, &dial) && dial.Op == "dial":
		return "connection"
	}
	return "other"
}
