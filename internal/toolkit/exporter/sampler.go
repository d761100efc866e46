package exporter

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/curfewkv/curfew/internal/toolkit/reading"
)

var (
	prefixDesc = prometheus.NewDesc("redis_no_ttl_keys", "Keys without TTL, by pattern: those patterns that have the most, as the sampler in the background saw them.", []string{"prefix"}, nil)
	ageDesc    = prometheus.NewDesc("redis_ttl_sampler_age_seconds", "Age of the sample that redis_no_ttl_keys is from; before the first, how long the sampler has been at it.", nil, nil)
	lookedDesc = prometheus.NewDesc("redis_ttl_sampler_sampled_keys", "Keys that were looked at for the sample.", nil, nil)
	wholeDesc  = prometheus.NewDesc("redis_ttl_sampler_complete", "1: the sample is of all keys, and its numbers are counts; 0: they are estimates.", nil, nil)
	failedDesc = prometheus.NewDesc("redis_ttl_sampler_errors_total", "Samples that failed.", nil, nil)
)

// samplerFigures show the newest sample.
type samplerFigures struct {
	sample reading.Sample
	now    time.Time
}

// Describe implements prometheus.Collector.
func (samplerFigures) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{prefixDesc, ageDesc, lookedDesc, wholeDesc, failedDesc} {
		out <- d
	}
}

// Collect implements prometheus.Collector.
func (f samplerFigures) Collect(out chan<- prometheus.Metric) {
	out <- prometheus.MustNewConstMetric(failedDesc, prometheus.CounterValue, float64(f.sample.Errors))
	out <- prometheus.MustNewConstMetric(ageDesc, prometheus.GaugeValue, f.sample.Age(f.now).Seconds())
	if f.sample.At.IsZero() {
		return
	}
	g := func(desc *prometheus.Desc, n float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, n, labels...)
	}
	complete := 0.0
	if f.sample.Complete {
		complete = 1
	}
	g(lookedDesc, float64(f.sample.Keys))
	g(wholeDesc, complete)
	for _, p := range f.sample.Prefixes {
		g(prefixDesc, p.NoTTL, p.Pattern)
	}
}
