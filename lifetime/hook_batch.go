package lifetime

import (
	"context"
	"fmt"
	"slices"

	"github.com/redis/go-redis/v9"
)

// batch handles pipelines and transactions.
func (h *policyHook) batch(ctx context.Context, cmds []redis.Cmder, next redis.ProcessPipelineHook) error {
	if !slices.ContainsFunc(cmds, writes) {
		return next(ctx, cmds)
	}
	judgements, rejected := h.judgeAll(ctx, cmds)
	if rejected != nil {
		h.policy.reporter.report(ctx, rejected.Violation)
		for _, cmd := range cmds {
			cmd.SetErr(rejected)
		}
		return rejected
	}
	if judgements == nil {
		return next(ctx, cmds)
	}
	exec := placeOfExec(cmds)
	inTransaction := exec < len(cmds)

	var tasks cares
	sent := make([]redis.Cmder, len(cmds))
	copyBack := make([]func(), len(cmds))
	for i, cmd := range cmds {
		sent[i] = cmd
		if j := judgements[i]; j.with != nil {
			sent[i], copyBack[i], _ = replacement(ctx, cmd, j.with)
		}
		tasks.add(judgements[i].cares...)
	}
	if inTransaction {
		tasks = h.withoutRefused(ctx, tasks)
	}
	extras := tasks.commands(ctx)
	list := append(appended(sent[:exec:exec], extras), sent[exec:]...)
	err := next(h.mark(ctx), list)
	for _, back := range copyBack {
		if back != nil {
			back()
		}
	}
	return h.conclude(ctx, conclusion{cmds, sent, judgements, tasks.all, extras, err})
}

func writes(cmd redis.Cmder) bool {
	_, ok := commands[cmd.Name()]
	return ok
}

// judgeAll returns nil judgements when there is nothing to do.
func (h *policyHook) judgeAll(ctx context.Context, cmds []redis.Cmder) (judgements []judgement, rejected *ViolationError) {
	s := surroundings{lastExpire: last(cmds, statedFor), lastLook: last(cmds, lookedAt)}
	exec := placeOfExec(cmds)
	something := false
	judgements = make([]judgement, len(cmds))
	for i, cmd := range cmds {
		if exec == len(cmds) {
			switch cmd.Name() {
			case "multi":
				s.queued = true
			case "exec", "discard":
				s.queued = false
			}
		}
		s.at = i
		judgements[i] = h.judge(ctx, cmd, s)
		if judgements[i].rejected != nil {
			return nil, judgements[i].rejected
		}
		something = something || judgements[i].with != nil || len(judgements[i].cares) > 0 || len(judgements[i].now) > 0
	}
	if !something {
		return nil, nil
	}
	return judgements, nil
}

// last is, by key, the place of the last command that does something to it.
func last(cmds []redis.Cmder, to func(redis.Cmder) []string) map[string]int {
	var places map[string]int
	for i, cmd := range cmds {
		for _, key := range to(cmd) {
			if places == nil {
				places = map[string]int{}
			}
			places[key] = i
		}
	}
	return places
}

// statedFor are the keys whose TTL the command states.
func statedFor(cmd redis.Cmder) []string {
	c := commands[cmd.Name()]
	if c.states == nil {
		return nil
	}
	w := words(cmd.Args())
	if _, ok := c.states(w); !ok {
		return nil
	}
	return c.limited(w)
}

// lookedAt are the keys whose TTL the command depends on, in its reply or in what it does.
func lookedAt(cmd redis.Cmder) []string {
	w := words(cmd.Args())
	switch name := cmd.Name(); name {
	case "ttl", "pttl", "expiretime", "pexpiretime", "persist", "getex", "expire", "pexpire", "expireat", "pexpireat", "copy",
		"rename", "renamenx", "increx":
		return key(1)(w)
	case "eval", "eval_ro", "evalsha", "evalsha_ro", "fcall", "fcall_ro":
		return w.counted(2, 1)
	}
	return nil
}

// placeOfExec is where EXEC stands in a transaction that go-redis has wrapped, else behind the last command. A MULTI that
// a caller put into a pipeline itself has another type; its EXEC has the bare replies, among which none may come.
func placeOfExec(cmds []redis.Cmder) int {
	last := len(cmds) - 1
	if last < 1 || cmds[last].Name() != "exec" {
		return len(cmds)
	}
	if _, ok := cmds[last].(*redis.SliceCmd); !ok {
		return len(cmds)
	}
	// In front of MULTI there may be a Cluster's ASKING.
	for _, cmd := range cmds[:2] {
		if _, ok := cmd.(*redis.StatusCmd); ok && cmd.Name() == "multi" {
			return last
		}
	}
	return len(cmds)
}

// withoutRefused leaves out, and reports, what the server refused when it was last asked.
func (h *policyHook) withoutRefused(ctx context.Context, tasks cares) cares {
	var kept cares
	for _, c := range tasks.all {
		if refusal := h.refusals[c.refusable()].Load(); refusal != nil {
			c.violation.Action, c.violation.Err = Failed, *refusal
			h.policy.reporter.report(ctx, c.violation)
			continue
		}
		kept.add(c)
	}
	return kept
}

type conclusion struct {
	cmds, sent []redis.Cmder
	judgements []judgement
	tasks      []care
	extras     []*redis.IntCmd
	err        error
}

// conclude reports what was done, and returns the error that the caller's own commands have.
func (h *policyHook) conclude(ctx context.Context, c conclusion) error {
	var own error
	for i, cmd := range c.cmds {
		h.reportAll(ctx, c.judgements[i].now)
		if written(c.sent[i]) {
			h.reportAll(ctx, c.judgements[i].ifDone)
		}
		if own == nil {
			own = cmd.Err()
		}
	}
	var refused error
	for i, extra := range c.extras {
		h.settle(ctx, c.tasks[i], extra, own != nil)
		if refused == nil && extra.Err() != nil {
			refused = refusalOf(c.tasks[i].task, extra.Err())
		}
	}
	if refused != nil && redis.IsExecAbortError(own) {
		return fmt.Errorf("lifetime: the transaction was discarded, since the server refuses what the policy adds to it: %w: %w", refused, own)
	}
	return ownError(c.err, own, c.extras)
}
