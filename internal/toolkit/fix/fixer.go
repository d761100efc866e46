package fix

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/curfewkv/curfew/internal/toolkit/connect"
	"github.com/curfewkv/curfew/internal/toolkit/sweep"
	"github.com/curfewkv/curfew/lifetime"
)

// maxTries bounds how often a key is tried whose TTL comes and goes meanwhile.
const maxTries = 3

var errRestless = errors.New("its TTL was set and removed meanwhile, again and again")

// fixer is the sweep's worker.
type fixer struct {
	options   Options
	selection *sweep.Selection
	jitter    lifetime.Jitter
	changes   *changes // nil: nobody wants to know

	mu      sync.Mutex
	servers map[string]*server // by address; guarded by mu
}

// An item is a key of a page.
type item struct {
	key      string
	rule     int
	ttl      int64 // ms, with jitter
	deadline int64 // ms of the server's clock
	at       int64 // the deadline that was found, in place of ours
	outcome  outcome
}

type outcome int

const (
	unsettled outcome = iota
	changed
	declined // there is a TTL, or no key: it is not known yet which
	kept
	gone
	elsewhere // counted before, here or where the key was
	restless  // neither a TTL nor a change: somebody removed the TTL in between
	failed
)

// Page gives the keys their deadlines.
func (f *fixer) Page(ctx context.Context, place *sweep.Place, keys []string) (sweep.Tally, error) {
	srv := f.server(place.Node.Addr)
	offset, err := srv.clock(ctx, place)
	if err != nil {
		return nil, err
	}
	items := f.items(keys, offset, place.Pass)
	if len(items) == 0 {
		return nil, nil
	}
	if f.options.DryRun {
		err = f.look(ctx, place, srv, items, offset)
	} else {
		err = f.fix(ctx, place, srv, items, offset)
	}
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return nil, err // the page comes again, and what was done is recognized then
	}
	return f.tally(place, items)
}

// items chooses what is to be fixed. A page can bring a key twice.
func (f *fixer) items(keys []string, offset time.Duration, pass int) []*item {
	now := time.Now().Add(offset).UnixMilli()
	items := make([]*item, 0, len(keys))
	seen := make(map[string]bool, len(keys))
	for _, key := range keys {
		rule := f.selection.Rule(key)
		if rule < 0 || seen[key] {
			continue
		}
		seen[key] = true
		it := &item{key: key, rule: rule, ttl: f.jitter.TTL(f.options.Rules[rule].TTL, key).Milliseconds()}
		it.deadline = stamped(key, now+it.ttl, it.ttl, pass)
		items = append(items, it)
	}
	return items
}

// fix sets deadlines, and finds out why some were declined.
func (f *fixer) fix(ctx context.Context, place *sweep.Place, srv *server, items []*item, offset time.Duration) error {
	todo := items
	for range maxTries {
		left, err := sweep.Each(ctx, place, todo, func(ctx context.Context, c redis.UniversalClient, items []*item) ([]sweep.Left[*item], error) {
			return f.set(ctx, c, srv, items)
		})
		if err != nil {
			return err
		}
		fail(place, left)
		if err := f.look(ctx, place, srv, having(todo, declined), offset); err != nil {
			return err
		}
		if todo = having(todo, restless); len(todo) == 0 {
			return nil
		}
	}
	for _, it := range todo {
		it.outcome = failed
		place.Fail(it.key, errRestless)
	}
	return nil
}

func fail(place *sweep.Place, left []sweep.Left[*item]) {
	for _, l := range left {
		l.Item.outcome = failed
		place.Fail(l.Item.key, l.Err)
	}
}

func having(items []*item, o outcome) []*item {
	var some []*item
	for _, it := range items {
		if it.outcome == o {
			some = append(some, it)
		}
	}
	return some
}

// tally counts a page, and notes its changes.
func (f *fixer) tally(place *sweep.Place, items []*item) (sweep.Tally, error) {
	tally := sweep.Tally{}
	for _, it := range items {
		var c sweep.Counts
		switch it.outcome {
		case changed:
			c.Changed = 1
			if it.at != 0 {
				it.deadline = it.at
			}
			if f.changes != nil {
				if err := f.changes.add(place.Node.Addr, place.DB, it); err != nil {
					return nil, err
				}
			}
		case failed:
			c.Failed = 1
		case kept, gone:
			if place.Pass > 0 {
				continue
			}
			if it.outcome == kept {
				c.Kept = 1
			} else {
				c.Gone = 1
			}
		case elsewhere:
			continue
		default:
			return nil, fmt.Errorf("key %q was not settled", it.key)
		}
		tally.Count(f.options.Rules[it.rule].Pattern, c)
	}
	return tally, nil
}

func (f *fixer) server(addr string) *server {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.servers[addr] == nil {
		method := f.options.Method
		if method == Auto {
			method = NX
		}
		f.servers[addr] = &server{method: method}
	}
	return f.servers[addr]
}

// newFixer checks the options and opens what they name.
func newFixer(o Options) (*fixer, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	f := &fixer{
		options: o, selection: sweep.NewSelection(o.patterns(), o.Exclude),
		jitter: lifetime.Jitter{Percent: o.Jitter, PerKey: true}, servers: map[string]*server{},
	}
	if o.Changes != "" {
		var err error
		if f.changes, err = openChanges(o.Changes); err != nil {
			return nil, err
		}
	}
	return f, nil
}

// sweepOptions are the options of the sweep that it works in.
func (f *fixer) sweepOptions() sweep.Options {
	o := f.options.Sweep
	o.Tool, o.Match = "fix", f.selection.Match()
	o.Rules = fmt.Sprintf("%q %q %v %v %s", f.options.Rules, f.options.Exclude, f.options.Jitter, f.options.DryRun, f.options.Changes)
	if f.changes != nil {
		o.Flush = f.changes.flush
	}
	return o
}

// Run gives TTLs. The report is there even with an error, for what was done until then.
func Run(ctx context.Context, target *connect.Target, o Options) (*Report, error) {
	f, err := newFixer(o)
	if err != nil {
		return nil, err
	}
	result, err := sweep.Run(ctx, target, f, f.sweepOptions())
	if f.changes != nil {
		err = errors.Join(err, f.changes.close())
	}
	if result == nil {
		return nil, err
	}
	return f.report(result), err
}
