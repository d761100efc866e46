package purge

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/curfewkv/curfew/internal/toolkit/connect"
	"github.com/curfewkv/curfew/internal/toolkit/sweep"
	"github.com/curfewkv/curfew/internal/toolkit/walk"
)

// Run removes keys. The report is there even with an error, for what was done until then.
func Run(ctx context.Context, target *connect.Target, o Options) (*Report, error) {
	r, err := newRemover(o)
	if err != nil {
		return nil, err
	}
	result, err := sweep.Run(ctx, target, r, r.sweepOptions())
	if result == nil {
		return nil, err
	}
	return r.report(result), err
}

func newRemover(o Options) (*remover, error) {
	if err := o.Check(); err != nil {
		return nil, err
	}
	return &remover{
		options: o, condition: o.condition(), selection: sweep.NewSelection(o.patterns(), o.Exclude), servers: map[string]*server{},
	}, nil
}

func (r *remover) sweepOptions() sweep.Options {
	o := r.options.Sweep
	o.Tool, o.Match, o.Removes = "purge", r.selection.Match(), !r.options.DryRun
	o.Rules = fmt.Sprintf("%q %q %v %v", r.options.patterns(), r.options.Exclude, r.condition, r.options.DryRun)
	return o
}

// An Estimate is about how much a purge would remove.
type Estimate struct {
	Keys   int64 // that would go
	Of     int64 // that there are
	Bytes  int64 // -1: unknown
	Exact  bool  // all keys were looked at
	Sample []Weighed
	Places []string // servers and databases
}

// estimatePages is how many pages of each keyspace are looked at before asking a person.
const estimatePages = 20

// estimatePage is the size of such a page.
const estimatePage = 500

// Foresee looks at some of the keys.
func Foresee(ctx context.Context, target *connect.Target, o Options) (*Estimate, error) {
	o.DryRun = true
	r, err := newRemover(o)
	if err != nil {
		return nil, err
	}
	spaces, err := target.Keyspaces(ctx, false)
	if err != nil {
		return nil, err
	}
	e := &Estimate{Exact: true}
	for _, k := range spaces {
		e.Places = append(e.Places, k.Name())
		if err := r.foresee(ctx, k, e); err != nil {
			return nil, fmt.Errorf("%s: %w", k.Name(), err)
		}
	}
	e.Bytes, e.Sample = r.sample.estimate(e.Keys), r.sample.shown
	return e, nil
}

func (r *remover) foresee(ctx context.Context, k connect.Keyspace, e *Estimate) error {
	scanner := walk.NewScanner(k, walk.Options{Type: r.options.Sweep.Type, Count: estimatePage})
	looked, found := int64(0), int64(0)
	for range estimatePages {
		keys, err := scanner.Next(ctx)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		looked += max(estimatePage, int64(len(keys)))
		items := r.items(keys)
		if _, err := look(ctx, k.Client, r.condition, items); err != nil {
			return err
		}
		hits := having(items, removed)
		found += int64(len(hits))
		if err := r.sample.weigh(ctx, k.Client, hits); err != nil {
			return err
		}
	}
	e.Of += max(0, k.Keys)
	if _, done := scanner.Cursor(); !done && looked > 0 {
		e.Exact = false
		found = int64(float64(found) / float64(looked) * float64(max(looked, k.Keys)))
	}
	e.Keys += found
	return nil
}
