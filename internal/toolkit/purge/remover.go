package purge

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/redis/go-redis/v9"

	"github.com/curfewkv/curfew/internal/toolkit/connect"
	"github.com/curfewkv/curfew/internal/toolkit/sweep"
)

// remover is the sweep's worker.
type remover struct {
	options   Options
	condition condition
	selection *sweep.Selection
	sample    sample

	mu      sync.Mutex
	servers map[string]*server // by address; guarded by mu
}

// A server is what is known of what one allows.
type server struct {
	mu      sync.Mutex
	scripts bool   // EVAL is allowed, as far as is known
	remove  string // UNLINK, or DEL before Redis 4
}

// An item is a key of a page.
type item struct {
	key     string
	rule    int
	ttl     int64
	bytes   int64
	outcome outcome
}

type outcome int

const (
	unsettled outcome = iota
	removed           // or would be
	kept
	gone
	failed
)

// judged removes a key if it still is what it was chosen for. It answers 1: removed, 0: it is not, -2: no such key. ARGV are
// the least and the most of PTTL, and the idle time.
const judged = `local ttl = redis.call('PTTL', KEYS[1])
if ttl == -2 then return -2 end
if ttl < tonumber(ARGV[1]) or ttl > tonumber(ARGV[2]) then return 0 end
local idle = tonumber(ARGV[3])
if idle >= 0 and redis.call('OBJECT', 'IDLETIME', KEYS[1]) < idle then return 0 end
return redis.call('UNLINK', KEYS[1])`

// Page removes the keys that are to go.
func (r *remover) Page(ctx context.Context, place *sweep.Place, keys []string) (sweep.Tally, error) {
	items := r.items(keys)
	if len(items) == 0 {
		return nil, nil
	}
	err := r.treat(ctx, place, items)
	if err == nil {
		err = ctx.Err()
	}
	return r.tally(place, items, err != nil), err
}

// items chooses by name. A page can bring a key twice.
func (r *remover) items(keys []string) []*item {
	items := make([]*item, 0, len(keys))
	seen := make(map[string]bool, len(keys))
	for _, key := range keys {
		rule := r.selection.Rule(key)
		if rule < 0 || seen[key] {
			continue
		}
		seen[key] = true
		items = append(items, &item{key: key, rule: rule})
	}
	return items
}

func (r *remover) treat(ctx context.Context, place *sweep.Place, items []*item) error {
	srv := r.server(place.Node.Addr)
	if r.options.DryRun {
		if err := r.each(ctx, place, items, func(ctx context.Context, c redis.UniversalClient, items []*item) ([]sweep.Left[*item], error) {
			return look(ctx, c, r.condition, items)
		}); err != nil {
			return err
		}
		return r.sample.weigh(ctx, place.Client, having(items, removed))
	}
	return r.each(ctx, place, items, func(ctx context.Context, c redis.UniversalClient, items []*item) ([]sweep.Left[*item], error) {
		return r.send(ctx, c, place, srv, items)
	})
}

func (r *remover) each(ctx context.Context, place *sweep.Place, items []*item, send func(context.Context, redis.UniversalClient, []*item) ([]sweep.Left[*item], error)) error {
	left, err := sweep.Each(ctx, place, items, send)
	if err != nil {
		return err
	}
	for _, l := range left {
		l.Item.outcome = failed
		place.Fail(l.Item.key, l.Err)
	}
	return nil
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

// send removes by script where a key has to be judged, and plainly where not, or where scripts are refused.
func (r *remover) send(ctx context.Context, c redis.UniversalClient, place *sweep.Place, srv *server, items []*item) ([]sweep.Left[*item], error) {
	if !r.condition.judges() {
		return r.remove(ctx, c, srv, items)
	}
	if srv.allowsScripts() {
		left, err := r.sendScripts(ctx, c, items)
		if !errors.Is(err, errNoScripts) {
			return left, err
		}
		srv.refusedScripts()
	}
	place.Note("%s does not allow scripts: keys were judged and removed in two steps, and one that was renewed in between is gone", place.Node.Addr)
	left, err := look(ctx, c, r.condition, items)
	if err != nil {
		return nil, err
	}
	todo := having(items, removed)
	for _, it := range todo {
		it.outcome = unsettled
	}
	more, err := r.remove(ctx, c, srv, todo)
	return append(left, more...), err
}

var errNoScripts = errors.New("EVAL is refused")

func (r *remover) sendScripts(ctx context.Context, c redis.UniversalClient, items []*item) ([]sweep.Left[*item], error) {
	cmds := make([]*redis.Cmd, len(items))
	// What the pipeline returns is the first error of its commands.
	_, _ = c.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		for i, it := range items {
			cmds[i] = pipe.Do(ctx, "EVAL", judged, 1, it.key, r.condition.least, r.condition.most, r.condition.idle)
		}
		return nil
	})
	return settle(items, cmds)
}

// remove sends one pipeline of UNLINK, or of DEL.
func (r *remover) remove(ctx context.Context, c redis.UniversalClient, srv *server, items []*item) ([]sweep.Left[*item], error) {
	if len(items) == 0 {
		return nil, nil
	}
	name := srv.removal()
	cmds := make([]*redis.Cmd, len(items))
	_, _ = c.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		for i, it := range items {
			cmds[i] = pipe.Do(ctx, name, it.key)
		}
		return nil
	})
	if name == "UNLINK" && connect.Refused(cmds[0].Err()) && strings.Contains(cmds[0].Err().Error(), "unknown command") {
		srv.refusedUnlink()
		return r.remove(ctx, c, srv, items)
	}
	left, err := settle(items, cmds)
	if errors.Is(err, errNoScripts) {
		return left, nil // it is about single keys
	}
	return left, err
}

// settle reads answers: 1 removed, 0 kept or gone, -2 gone.
func settle(items []*item, cmds []*redis.Cmd) ([]sweep.Left[*item], error) {
	var left []sweep.Left[*item]
	for i, it := range items {
		answer, err := cmds[i].Int64()
		script := cmds[i].Name() == "eval"
		switch {
		case script && (connect.Refused(err) || err != nil && strings.Contains(err.Error(), "Unknown Redis command")):
			return nil, errNoScripts
		case err != nil && strings.Contains(err.Error(), "LFU"):
			return nil, noIdleTime(err)
		case err != nil:
			left = append(left, sweep.Left[*item]{Item: it, Err: err})
		case answer == 1:
			it.outcome = removed
		case answer == 0 && script:
			it.outcome = kept
		default:
			it.outcome = gone
		}
	}
	return left, nil
}

func noIdleTime(err error) error {
	return fmt.Errorf("--idle-for: with an LFU maxmemory-policy servers count how often keys are used, and not when last: %w", err)
}

// look judges keys: what holds the condition is marked removed.
func look(ctx context.Context, c redis.UniversalClient, cond condition, items []*item) ([]sweep.Left[*item], error) {
	ttls, idles := make([]*redis.Cmd, len(items)), make([]*redis.Cmd, len(items))
	_, _ = c.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		for i, it := range items {
			ttls[i] = pipe.Do(ctx, "PTTL", it.key)
			if cond.idle >= 0 {
				idles[i] = pipe.Do(ctx, "OBJECT", "IDLETIME", it.key)
			}
		}
		return nil
	})
	var left []sweep.Left[*item]
	for i, it := range items {
		ttl, err := ttls[i].Int64()
		idle := int64(0)
		if err == nil && cond.idle >= 0 && ttl != -2 {
			idle, err = idles[i].Int64()
		}
		switch {
		case errors.Is(err, redis.Nil): // it went between the two
			it.outcome = gone
		case err != nil && strings.Contains(err.Error(), "LFU"):
			return nil, noIdleTime(err)
		case err != nil:
			left = append(left, sweep.Left[*item]{Item: it, Err: err})
		case ttl == -2:
			it.outcome = gone
		case cond.holds(ttl, idle):
			it.outcome, it.ttl = removed, ttl
		default:
			it.outcome = kept
		}
	}
	return left, nil
}

// tally counts a page. Of one that comes again, only what was removed is counted now: it does not come again.
func (r *remover) tally(place *sweep.Place, items []*item, again bool) sweep.Tally {
	tally := sweep.Tally{}
	for _, it := range items {
		var c sweep.Counts
		switch it.outcome {
		case removed:
			c.Changed = 1
		case failed:
			c.Failed = 1
		case kept:
			c.Kept = 1
		case gone:
			c.Gone = 1
		}
		if it.outcome != removed && (again || place.Pass > 0 && it.outcome != failed) {
			continue
		}
		if again && r.options.DryRun {
			continue
		}
		tally.Count(r.options.patterns()[it.rule], c)
	}
	return tally
}

func (r *remover) server(addr string) *server {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.servers[addr] == nil {
		r.servers[addr] = &server{scripts: true, remove: "UNLINK"}
	}
	return r.servers[addr]
}

func (s *server) allowsScripts() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.scripts
}

func (s *server) refusedScripts() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.scripts = false
}

func (s *server) removal() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.remove
}

func (s *server) refusedUnlink() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.remove = "DEL"
}
