package fix

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/curfewkv/curfew/internal/toolkit/connect"
	"github.com/curfewkv/curfew/internal/toolkit/output"
	"github.com/curfewkv/curfew/internal/toolkit/sweep"
)

// undoPage is how many keys are undone by one pipeline.
const undoPage = 500

// Undone counts the lines of a file of changes by what became of their keys.
type Undone struct {
	DryRun   bool     `json:"dry_run"`
	Undone   int64    `json:"undone"`      // have no TTL any more
	Renewed  int64    `json:"renewed"`     // have another TTL by now, and keep it
	Without  int64    `json:"without_ttl"` // had none any more
	Gone     int64    `json:"vanished"`
	Failed   int64    `json:"failed"`
	Failures []string `json:"failures,omitempty"`
}

// UndoOptions say how a file of changes is undone.
type UndoOptions struct {
	File      string
	DryRun    bool
	AllowRace bool // where EVAL is refused: look first, and remove then
	RetryFor  time.Duration
	Progress  *output.Progress
}

// persist removes a TTL if it is still ours. It answers 1: removed, 0: another one is there, -1: none, -2: no such key.
const persist = `local at = redis.call('PEXPIRETIME', KEYS[1])
if at < 0 then return at end
local drift = at - tonumber(ARGV[1])
if drift >= 0 and drift <= tonumber(ARGV[2]) then return redis.call('PERSIST', KEYS[1]) end
return 0`

// Undo takes back the TTLs that a file of changes tells of, where they are still the same.
func Undo(ctx context.Context, target *connect.Target, o UndoOptions) (*Undone, error) {
	if o.RetryFor <= 0 {
		o.RetryFor = time.Minute
	}
	u := &undo{target: target, options: o, scripts: true}
	err := readChanges(o.File, func(c *Change) error {
		if len(u.page) > 0 && u.page[0].DB != c.DB {
			if err := u.flush(ctx); err != nil {
				return err
			}
		}
		if u.page = append(u.page, c); len(u.page) < undoPage {
			return nil
		}
		return u.flush(ctx)
	})
	if err == nil {
		err = u.flush(ctx)
	}
	u.counts.DryRun = o.DryRun
	return &u.counts, err
}

type undo struct {
	target  *connect.Target
	options UndoOptions
	scripts bool      // EVAL is allowed, as far as is known
	page    []*Change // of one database
	counts  Undone
}

// flush undoes the page, and tries again what a failover or a moved slot stood in the way of.
func (u *undo) flush(ctx context.Context) error {
	todo := u.page
	u.page = nil
	if len(todo) == 0 {
		return nil
	}
	return sweep.Retry(ctx, u.options.RetryFor, func() error {
		left, err := u.attempt(ctx, todo)
		u.options.Progress.Add(len(todo) - len(left))
		todo = left
		return err
	})
}

// attempt returns the changes to try again, and the error that the first of them met.
func (u *undo) attempt(ctx context.Context, page []*Change) ([]*Change, error) {
	c, err := u.client(ctx, page[0].DB)
	if err != nil {
		return page, err
	}
	answers, err := u.send(ctx, c, page)
	if err != nil {
		return page, err
	}
	var left []*Change
	var first error
	for i, change := range page {
		answer, err := answers[i].Int64()
		switch {
		case sweep.Transient(err):
			left = append(left, change)
			first = err
		case err != nil:
			u.fail(change, err)
		case answer == 1:
			u.counts.Undone++
		case answer == -1:
			u.counts.Without++
		case answer == -2:
			u.counts.Gone++
		default:
			u.counts.Renewed++
		}
	}
	return left, first
}

func (u *undo) fail(c *Change, err error) {
	u.counts.Failed++
	if name, _ := c.Name(); len(u.counts.Failures) < 10 {
		u.counts.Failures = append(u.counts.Failures, fmt.Sprintf("%q: %v", name, err))
	}
}

// send asks for every change of a page; each answer is as persist's.
func (u *undo) send(ctx context.Context, c redis.UniversalClient, page []*Change) ([]*redis.Cmd, error) {
	if !u.scripts || u.options.DryRun {
		return u.sendPlainly(ctx, c, page)
	}
	answers := make([]*redis.Cmd, len(page))
	_, _ = c.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		for i, change := range page {
			name, _ := change.Name()
			answers[i] = pipe.Do(ctx, "EVAL", persist, 1, name, change.ExpireAt, u.drift())
		}
		return nil
	})
	for _, a := range answers {
		err := a.Err()
		switch {
		case err == nil:
		case strings.Contains(err.Error(), "Unknown Redis command") || strings.Contains(err.Error(), "unknown command") && strings.Contains(err.Error(), "script"):
			return nil, fmt.Errorf("the server does not know PEXPIRETIME, which Redis 7.0 and newer have, so our TTLs cannot be told from others: %w", err)
		case connect.Refused(err) && u.options.AllowRace:
			u.scripts = false
			return u.sendPlainly(ctx, c, page)
		case connect.Refused(err):
			return nil, fmt.Errorf("the server does not allow EVAL: a TTL that somebody sets at the same moment could be removed; accept that with --allow-race: %w", err)
		}
	}
	return answers, nil
}

// sendPlainly looks first, and removes then.
func (u *undo) sendPlainly(ctx context.Context, c redis.UniversalClient, page []*Change) ([]*redis.Cmd, error) {
	found := make([]*redis.Cmd, len(page))
	_, _ = c.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		for i, change := range page {
			name, _ := change.Name()
			found[i] = pipe.Do(ctx, "PEXPIRETIME", name)
		}
		return nil
	})
	answers := make([]*redis.Cmd, len(page))
	_, err := c.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		for i, change := range page {
			name, _ := change.Name()
			at, err := found[i].Int64()
			switch {
			case err != nil || at < 0:
				answers[i] = found[i]
			case u.ours(at, change) && !u.options.DryRun:
				answers[i] = pipe.Do(ctx, "PERSIST", name)
			default:
				answers[i] = redis.NewCmd(ctx)
				same := int64(0)
				if u.ours(at, change) {
					same = 1
				}
				answers[i].SetVal(same)
			}
		}
		return nil
	})
	if errors.Is(err, context.Canceled) {
		return nil, err
	}
	return answers, nil
}

// ours reports whether a deadline is the one that was set.
func (u *undo) ours(at int64, c *Change) bool { return at >= c.ExpireAt && at <= c.ExpireAt+u.drift() }

func (u *undo) drift() int64 {
	if u.target.Mode == connect.Cluster {
		return moveDrift
	}
	return 0
}

func (u *undo) client(ctx context.Context, db int) (redis.UniversalClient, error) {
	if u.target.Mode == connect.Cluster {
		return u.target.Client, nil
	}
	nodes, err := u.target.Primaries(ctx)
	if err != nil {
		return nil, err
	}
	return nodes[0].DB(db), nil
}
