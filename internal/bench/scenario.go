package bench

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Scenario is one question put to a server. A value is used for many servers and rounds, one at a time.
type Scenario interface {
	Name() string
	// Short is half a line for lists of scenarios.
	Short() string
	// About explains the figures to a reader of the report, in Markdown.
	About() string
	// Run measures. The server is empty and freshly started, unless it was running before the suite.
	Run(ctx context.Context, t *Target) ([]Figure, error)
}

// Sizes scales the scenarios.
type Sizes struct {
	Tool        string        // path of redis-benchmark for the throughput scenario; empty: the driver of this package
	Requests    int64         // per throughput measurement without pipeline; 8 and 16 times that with one
	Keys        int           // of the memory, storm and cache scenarios
	Background  int           // volatile keys beside those whose notifications are timed
	LagWait     time.Duration // how long notifications are waited for
	Fill        int           // keys of the fill scenario
	Eviction    int           // keys in memory before, and requests in each phase of, the eviction scenario
	ChurnMemory int           // maxmemory of the churn scenario, bytes
	ChurnTurns  int           // how often each of its phases fills that
	Connections int           // of the idle scenario
	BigString   int           // bytes of the string that is deleted
	BigMembers  int           // members of the collections that are deleted
}

// Full returns the sizes that the goals are stated for.
func Full() Sizes {
	return Sizes{
		Requests: 400_000, Keys: 1_000_000, Background: 1_000_000, LagWait: 20 * time.Second, Fill: 10_000_000,
		Eviction: 1_000_000, ChurnMemory: 256 << 20, ChurnTurns: 2, Connections: 10_000, BigString: 512 << 20, BigMembers: 1_000_000,
	}
}

// Quick returns sizes with which all scenarios together take about two minutes.
func Quick() Sizes {
	return Sizes{
		Requests: 60_000, Keys: 1_000_000, Background: 1_000_000, LagWait: 5 * time.Second, Fill: 2_000_000,
		Eviction: 200_000, ChurnMemory: 96 << 20, ChurnTurns: 1, Connections: 10_000, BigString: 256 << 20, BigMembers: 200_000,
	}
}

// Scenarios returns every scenario at the given sizes, in the order in which they run.
func Scenarios(s Sizes) []Scenario {
	return []Scenario{
		&throughput{requests: s.Requests, tool: s.Tool},
		&cache{keys: s.Keys},
		&memory{keys: s.Keys},
		&lag{background: s.Background, wait: s.LagWait},
		&storm{keys: s.Keys},
		&fill{keys: s.Fill},
		&eviction{keys: s.Eviction},
		&churn{maxmemory: s.ChurnMemory, turns: s.ChurnTurns},
		&idle{connections: s.Connections},
		&deletion{bytes: s.BigString, members: s.BigMembers},
	}
}

// Select keeps the scenarios with the given names, in their own order; no names keep all.
func Select(all []Scenario, names []string) ([]Scenario, error) {
	if len(names) == 0 {
		return all, nil
	}
	var known []string
	var kept []Scenario
	for _, s := range all {
		known = append(known, s.Name())
		if slices.Contains(names, s.Name()) {
			kept = append(kept, s)
		}
	}
	for _, n := range names {
		if !slices.Contains(known, n) {
			return nil, fmt.Errorf("no scenario %q; there are: %s", n, strings.Join(known, ", "))
		}
	}
	return kept, nil
}
