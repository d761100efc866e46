package audit

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"time"
)

// A Report is what an audit found. In its JSON form, figures are raw: counts, bytes, milliseconds for TTLs, seconds for idle
// times.
type Report struct {
	At       time.Time `json:"at"`
	Took     float64   `json:"took_seconds"`
	Command  string    `json:"command,omitempty"`
	Mode     string    `json:"mode"`   // standalone, sentinel, cluster, rdb
	Method   string    `json:"method"` // sample, scan (every key), rdb
	Complete bool      `json:"complete"`
	Looked   int64     `json:"keys_looked_at"`
	Vanished int64     `json:"keys_vanished"` // between being drawn and being looked at
	Level    float64   `json:"confidence"`    // of the intervals
	HasBytes bool      `json:"has_bytes"`
	HasIdle  bool      `json:"has_idle"`
	HasFreq  bool      `json:"has_freq"`

	Servers   []Server   `json:"servers"`
	Keyspaces []Keyspace `json:"keyspaces"`
	Total     Row        `json:"total"`
	Prefixes  []Row      `json:"prefixes"`
	Asked     []Row      `json:"asked,omitempty"` // for the patterns of conditions
	Biggest   []BigKey   `json:"biggest"`
	Warnings  []string   `json:"warnings"`
	Notes     []string   `json:"notes"`
}

// An Estimate is a figure, and the interval that it is in. They are the same where it was counted.
type Estimate struct{ Value, Low, High float64 }

func exactly(x float64) Estimate { return Estimate{x, x, x} }

// Exact reports whether the figure was counted.
func (e Estimate) Exact() bool { return e.Low == e.Value && e.High == e.Value }

// MarshalJSON writes whole numbers: there are no fractions of keys.
func (e Estimate) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Value int64 `json:"value"`
		Low   int64 `json:"low"`
		High  int64 `json:"high"`
	}{int64(math.Round(e.Value)), int64(math.Round(e.Low)), int64(math.Round(e.High))})
}

// A Row is the figures of a prefix, or of all keys.
type Row struct {
	Prefix     string             `json:"prefix"`
	Looked     int64              `json:"keys_looked_at"`
	Keys       Estimate           `json:"keys"`
	Share      float64            `json:"share"`
	NoTTL      Estimate           `json:"no_ttl"`
	Bytes      Estimate           `json:"bytes"`
	NoTTLBytes float64            `json:"no_ttl_bytes"`
	TTL        []Bar              `json:"ttl_histogram"`
	TTLMedian  *int64             `json:"ttl_ms_median"` // of keys with a TTL; nil: none has one
	TTLP90     *int64             `json:"ttl_ms_p90"`
	IdleMedian *float64           `json:"idle_seconds_median"`
	IdleP90    *float64           `json:"idle_seconds_p90"`
	FreqMedian *float64           `json:"freq_median,omitempty"`
	Types      map[string]float64 `json:"types,omitempty"`
	Biggest    *BigKey            `json:"biggest"`
}

// A Bar of the histogram of TTLs is one of TTLClasses.
type Bar struct {
	Class string  `json:"class"`
	Keys  float64 `json:"keys"`
}

// NoTTLRatio is the share of the row's keys that have no TTL.
func (r *Row) NoTTLRatio() float64 { return ratio(r.NoTTL.Value, r.Keys.Value) }

func ratio(part, whole float64) float64 {
	if whole <= 0 {
		return 0
	}
	return part / whole
}

// A Keyspace is a database of a node, as it says itself.
type Keyspace struct {
	Node    string `json:"node"`
	Replica bool   `json:"replica"`
	DB      int    `json:"db"`
	Keys    int64  `json:"keys"`
	Expires int64  `json:"expires"` // with a TTL; -1 where INFO is refused
	NoTTL   int64  `json:"no_ttl"`  // -1 where INFO is refused
	AvgTTL  int64  `json:"avg_ttl_ms"`
	Looked  int64  `json:"keys_looked_at"`
	Method  string `json:"method"` // sample, scan
}

// A Server is a primary and its settings that matter to lifetimes, as INFO tells.
type Server struct {
	Addr       string `json:"addr"`
	Version    string `json:"version,omitempty"`
	UsedMemory int64  `json:"used_memory"` // -1 where INFO is refused
	MaxMemory  int64  `json:"maxmemory"`   // 0: no limit; -1 where INFO is refused
	Policy     string `json:"maxmemory_policy,omitempty"`
	Evicted    int64  `json:"evicted_keys"`
	Expired    int64  `json:"expired_keys"`
}

// sortKeys are what prefixes can be ordered by.
var sortKeys = map[string]func(*Row) float64{
	"keys":   func(r *Row) float64 { return r.Keys.Value },
	"bytes":  func(r *Row) float64 { return r.Bytes.Value },
	"no_ttl": func(r *Row) float64 { return r.NoTTL.Value },
}

// Sort orders the prefixes by keys, bytes or no_ttl, the most first.
func (r *Report) Sort(by string) error {
	figure := sortKeys[by]
	if figure == nil {
		return fmt.Errorf("--sort %s: keys, bytes or no_ttl", by)
	}
	slices.SortStableFunc(r.Prefixes, func(a, b Row) int {
		return cmp.Or(cmp.Compare(figure(&b), figure(&a)), cmp.Compare(a.Prefix, b.Prefix))
	})
	return nil
}

func (g *group) row(pattern string) Row {
	r := Row{
		Prefix: pattern, Keys: exactly(g.Keys), NoTTL: exactly(g.NoTTL), Bytes: exactly(g.Bytes), NoTTLBytes: math.Round(g.NoTTLLen),
		Types: map[string]float64{},
	}
	for i, n := range g.Classes {
		r.TTL = append(r.TTL, Bar{TTLClasses[i], math.Round(n)})
	}
	for name, n := range g.Types {
		r.Types[name] = math.Round(n)
	}
	r.TTLMedian, r.TTLP90 = whole(g.TTL, 0.5), whole(g.TTL, 0.9)
	r.IdleMedian, r.IdleP90, r.FreqMedian = rounded(g.Idle, 0.5), rounded(g.Idle, 0.9), rounded(g.Freq, 0.5)
	if len(g.Biggest) > 0 {
		r.Biggest = &g.Biggest[0]
	}
	return r
}

func whole(s sketch, q float64) *int64 {
	x, ok := s.quantile(q)
	if !ok {
		return nil
	}
	n := int64(math.Round(x))
	return &n
}

func rounded(s sketch, q float64) *float64 {
	x, ok := s.quantile(q)
	if !ok {
		return nil
	}
	x = math.Round(x)
	return &x
}
