package lifetime

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
)

// task is what is sent for a key beside the caller's commands.
type task int

const (
	look  task = iota // PTTL: does it have a TTL?
	give              // PEXPIRE NX: one, if it has none
	lower             // PEXPIRE LT: one that is no longer than this
	raise             // PEXPIRE GT: one that is no shorter than this
)

var conditions = map[task]string{give: "nx", lower: "lt", raise: "gt"}

// A care is a task for a key, and how to report what comes of it.
type care struct {
	task      task
	ttl       time.Duration // of give, lower and raise
	violation Violation     // with the Action that it is if the task finds or changes something
}

func (c care) command(ctx context.Context) *redis.IntCmd {
	if c.task == look {
		return redis.NewIntCmd(ctx, "pttl", c.violation.Key)
	}
	return redis.NewIntCmd(ctx, "pexpire", c.violation.Key, c.ttl.Milliseconds(), conditions[c.task])
}

// noTTL is PTTL's answer for a key that lives until someone deletes it.
const noTTL = -1

// settle reports what came of the task; failed says that a command of the caller's failed beside it.
func (h *policyHook) settle(ctx context.Context, c care, answer *redis.IntCmd, failed bool) {
	if err := answer.Err(); err != nil {
		refusal := refusalOf(c.task, err)
		if refusal != nil {
			h.refusals[c.refusable()].Store(&refusal)
			err = refusal
		}
		// What keeps the server from answering anything is the caller's to know.
		if refusal != nil || !failed && fromServer(err) {
			c.violation.Action, c.violation.Err = Failed, err
			h.policy.reporter.report(ctx, c.violation)
		}
		return
	}
	h.refusals[c.refusable()].Store(nil)
	if c.task == look && answer.Val() == noTTL || c.task != look && answer.Val() == 1 {
		h.policy.reporter.report(ctx, c.violation)
	}
}

// refusable is the command of which the server's refusal is remembered: 0 PTTL, 1 PEXPIRE.
func (c care) refusable() int { return int(min(c.task, give)) }

// refusalOf returns what the server has against the command itself, and will have again; nil: the error is of another
// kind, as of a server that loads or has lost its primary.
func refusalOf(t task, err error) error {
	switch {
	case !fromServer(err):
		return nil
	case t != look && refusesCondition(err):
		return fmt.Errorf("%w: %w", ErrServerTooOld, err)
	case redis.IsPermissionError(err), refused(err, "pttl"), refused(err, "pexpire"):
		return err
	}
	return nil
}

// fromServer reports whether the server answered with an error to this very command.
func fromServer(err error) bool {
	var answer redis.Error
	return errors.As(err, &answer) && !errors.Is(err, redis.TxFailedErr) && !redis.IsExecAbortError(err)
}

// cares are the tasks of a batch, one of each kind for a key.
type cares struct {
	all  []care
	seen map[careOf]bool
}

type careOf struct {
	key  string
	task task
}

func (c *cares) add(all ...care) {
	for _, one := range all {
		id := careOf{one.violation.Key, one.task}
		// Giving a TTL tells whether there was one.
		if c.seen[id] || one.task == look && c.seen[careOf{id.key, give}] {
			continue
		}
		if c.seen == nil {
			c.seen = map[careOf]bool{}
		}
		c.seen[id] = true
		c.all = append(c.all, one)
	}
}

// commands returns one command for each care.
func (c *cares) commands(ctx context.Context) []*redis.IntCmd {
	all := make([]*redis.IntCmd, len(c.all))
	for i, one := range c.all {
		all[i] = one.command(ctx)
	}
	return all
}
