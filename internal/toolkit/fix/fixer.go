package fix

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/cespare/xxhash/v2"
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
	elsewhere // counted where the key was before
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

const (
	// moveDrift is by how much a deadline may grow when a key moves to another server of a Cluster: MIGRATE sends what is left
	// of the TTL, and the way is not counted.
	moveDrift = 20 // ms
	// passStep keeps the digits of passes apart by more than that.
	passStep = 97
)

// stamped moves a deadline down by less than a second, and less than a hundredth of the TTL, to where its last digits follow
// from the key and the pass. That tells our deadlines from those that a program sets for the same time, and a command that
// was sent twice from a key that was here before.
func stamped(key string, deadline, ttl int64, pass int) int64 {
	unit := min(max(ttl/100, 1), 1000)
	digits := int64((xxhash.Sum64String(key) + uint64(pass)*passStep) % uint64(unit))
	return deadline - ((deadline-digits)%unit+unit)%unit
}

// ours reports whether a deadline has the digits of a pass until this one, or has drifted from there.
func (it *item) ours(deadline int64, pass int, drift int64) bool {
	for p := range pass + 1 {
		if deadline-stamped(it.key, deadline, it.ttl, p) <= drift {
			return true
		}
	}
	return false
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

// set sends one pipeline, and another one when the server turns out to lack the method.
func (f *fixer) set(ctx context.Context, c redis.UniversalClient, srv *server, items []*item) ([]sweep.Left[*item], error) {
	method := srv.present()
	if method == Race {
		return f.race(ctx, c, items)
	}
	cmds := make([]*redis.Cmd, len(items))
	// What the pipeline returns is the first error of its commands.
	_, _ = c.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		for i, it := range items {
			cmds[i] = method.set(ctx, pipe, it)
		}
		return nil
	})
	var left []sweep.Left[*item]
	for i, it := range items {
		answer, err := cmds[i].Int64()
		switch {
		case method.without(err):
			if err := srv.refused(method, f.options.AllowRace, f.options.Method == Auto, err); err != nil {
				return nil, err
			}
			return f.set(ctx, c, srv, items)
		case err != nil:
			left = append(left, sweep.Left[*item]{Item: it, Err: err})
		case answer == 1:
			it.outcome = changed
		case answer == -2:
			it.outcome = gone
		default:
			it.outcome = declined
		}
	}
	return left, nil
}

// race looks first and sets then, in two steps.
func (f *fixer) race(ctx context.Context, c redis.UniversalClient, items []*item) ([]sweep.Left[*item], error) {
	ttls := make([]*redis.Cmd, len(items))
	_, _ = c.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		for i, it := range items {
			ttls[i] = pipe.Do(ctx, "PTTL", it.key)
		}
		return nil
	})
	sets := make([]*redis.Cmd, len(items))
	var left []sweep.Left[*item]
	_, _ = c.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		for i, it := range items {
			ttl, err := ttls[i].Int64()
			switch {
			case err != nil:
				left = append(left, sweep.Left[*item]{Item: it, Err: err})
			case ttl == -1:
				sets[i] = Race.set(ctx, pipe, it)
			default:
				it.outcome = declined
			}
		}
		return nil
	})
	for i, it := range items {
		if sets[i] == nil {
			continue
		}
		answer, err := sets[i].Int64()
		switch {
		case err != nil:
			left = append(left, sweep.Left[*item]{Item: it, Err: err})
		case answer == 1:
			it.outcome = changed
		default:
			it.outcome = gone
		}
	}
	return left, nil
}

// look finds out what TTL keys have, and whose.
func (f *fixer) look(ctx context.Context, place *sweep.Place, srv *server, items []*item, offset time.Duration) error {
	if len(items) == 0 {
		return nil
	}
	exact := srv.present() == NX && !f.options.DryRun
	left, err := sweep.Each(ctx, place, items, func(ctx context.Context, c redis.UniversalClient, items []*item) ([]sweep.Left[*item], error) {
		cmds := make([]*redis.Cmd, len(items))
		_, _ = c.Pipelined(ctx, func(pipe redis.Pipeliner) error {
			for i, it := range items {
				if exact {
					cmds[i] = pipe.Do(ctx, "PEXPIRETIME", it.key)
				} else {
					cmds[i] = pipe.Do(ctx, "PTTL", it.key)
				}
			}
			return nil
		})
		now := time.Now().Add(offset).UnixMilli()
		var left []sweep.Left[*item]
		for i, it := range items {
			found, err := cmds[i].Int64()
			if err != nil {
				left = append(left, sweep.Left[*item]{Item: it, Err: err})
				continue
			}
			if found >= 0 && !exact {
				found += now
			}
			it.outcome = f.judge(place, it, found, exact, offset)
		}
		return left, nil
	})
	if err != nil {
		return err
	}
	fail(place, left)
	return nil
}

// judge tells from the deadline of a key what became of it.
func (f *fixer) judge(place *sweep.Place, it *item, found int64, exact bool, offset time.Duration) outcome {
	switch {
	case found == -2:
		return gone
	case found == -1 && f.options.DryRun:
		return changed
	case found == -1:
		return restless
	case f.options.DryRun:
		return kept
	}
	same := found == it.deadline
	drift := int64(0)
	if place.Clustered() {
		drift = moveDrift
	}
	ours := it.ours(found, place.Pass, drift)
	if !exact { // a PTTL is some milliseconds old when it arrives
		ours, same = true, found-it.deadline < 100 && it.deadline-found < 100
	}
	at := time.UnixMilli(found - it.ttl).Add(-offset)
	switch {
	case same: // the reply to our command was lost, and the client sent it again
		return changed
	case ours && place.Uncounted.Holds(at):
		it.at = found
		return changed
	case ours && place.Counted.Holds(at):
		return elsewhere
	}
	return kept
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
