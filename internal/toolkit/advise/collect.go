package advise

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/curfewkv/curfew/internal/toolkit/audit"
	"github.com/curfewkv/curfew/internal/toolkit/connect"
	"github.com/curfewkv/curfew/internal/toolkit/prefix"
)

// Options say how closely to look.
type Options struct {
	Audit audit.Options
	Watch time.Duration // how long keys are watched for what happens to them
	Keys  int           // how many are watched, over all keyspaces
}

// Collect gathers the facts: settings and counts from INFO, an audit by sample, and what happens to some keys meanwhile.
func Collect(ctx context.Context, target *connect.Target, options Options) (Facts, error) {
	server, err := Servers(ctx, target)
	if err != nil {
		return Facts{}, err
	}
	var report *audit.Report
	var looks []Look
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() (err error) {
		report, err = audit.Run(ctx, target, options.Audit)
		return err
	})
	group.Go(func() (err error) {
		looks, err = observeAll(ctx, target, options)
		return err
	})
	if err := group.Wait(); err != nil {
		return Facts{}, err
	}
	facts := Facts{Server: server}
	for _, row := range report.Prefixes {
		if row.Prefix != audit.NotSeen {
			facts.Prefixes = append(facts.Prefixes, fromRow(row))
		}
	}
	setPatterns(facts.Prefixes, len(options.Audit.Prefixes) > 0)
	return facts, addLooks(facts.Prefixes, looks, options.Watch)
}

// observeAll watches keys of all keyspaces, of each as many as its share. Primaries are looked at: what a replica is told
// of a renewed key may come late.
func observeAll(ctx context.Context, target *connect.Target, options Options) ([]Look, error) {
	spaces, err := target.Keyspaces(ctx, false)
	if err != nil {
		return nil, err
	}
	total := int64(0)
	for _, k := range spaces {
		total += max(k.Keys, 1)
	}
	var mu sync.Mutex
	var all []Look
	group, ctx := errgroup.WithContext(ctx)
	for _, k := range spaces {
		group.Go(func() error {
			n := max(1, int(int64(options.Keys)*max(k.Keys, 1)/total))
			looks, err := Observe(ctx, k, n, options.Watch)
			mu.Lock()
			defer mu.Unlock()
			all = append(all, looks...)
			return err
		})
	}
	return all, group.Wait()
}

func fromRow(row audit.Row) Prefix {
	p := Prefix{
		Name: row.Prefix, Keys: int64(row.Keys.Value), NoTTL: row.NoTTLRatio(), Bytes: int64(row.Bytes.Value),
		Sampled: int(row.Looked), IdleMedian: -1, IdleP90: -1,
	}
	if row.TTLMedian != nil {
		p.TTLMedian = time.Duration(*row.TTLMedian) * time.Millisecond
	}
	if row.TTLP90 != nil {
		p.TTLP90 = time.Duration(*row.TTLP90) * time.Millisecond
	}
	if row.IdleMedian != nil && row.IdleP90 != nil {
		p.IdleMedian = time.Duration(*row.IdleMedian * float64(time.Second))
		p.IdleP90 = time.Duration(*row.IdleP90 * float64(time.Second))
	}
	return p
}

// watched is what was seen of one prefix.
type watched struct {
	keys, removed, renewed int
	remaining              []time.Duration
}

// addLooks counts what was seen under the prefixes that the audit found.
func addLooks(prefixes []Prefix, looks []Look, wait time.Duration) error {
	var patterns []string
	for _, p := range prefixes {
		if p.Name != prefix.Other && p.Name != "" { // the key "" is a prefix of its own
			patterns = append(patterns, p.Pattern)
		}
	}
	if len(patterns) == 0 {
		return nil
	}
	// A key counts under the first pattern that matches, so the narrow ones come first.
	slices.SortFunc(patterns, func(a, b string) int {
		return cmp.Or(cmp.Compare(literal(b), literal(a)), strings.Compare(a, b))
	})
	given, err := prefix.NewGiven[watched](patterns)
	if err != nil {
		return err
	}
	for _, look := range looks {
		w := given.At(look.Key, 1)
		w.keys++
		removed, renewed := look.Fate()
		if removed {
			w.removed++
		}
		if renewed {
			w.renewed++
		}
		if look.Before >= 0 {
			w.remaining = append(w.remaining, look.Before)
		}
	}
	seen := map[string]watched{}
	for _, row := range given.Rows() {
		seen[row.Pattern] = row.Value
	}
	for i := range prefixes {
		p, w := &prefixes[i], seen[prefixes[i].Pattern]
		if w.keys < fewSampled {
			continue
		}
		p.Watched = wait
		p.Removed, p.Renewed = float64(w.removed)/float64(w.keys), float64(w.renewed)/float64(w.keys)
		if len(w.remaining) >= fewSampled {
			p.Lockstep = Lockstep(w.remaining)
		}
	}
	return nil
}

// literal is how much of a pattern stands for itself.
func literal(pattern string) int { return len(pattern) - strings.Count(pattern, "*") }
