package lifetime

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"

	"github.com/redis/go-redis/v9"
)

// WithDefaultTTL returns a hook that holds every command which can create a key to the policy:
//
//	client.AddHook(lifetime.WithDefaultTTL(policy))
//
// In mode Apply a SET without a TTL is sent with the rule's default as its PX, so that there is no moment without one.
// Commands that have no place for a TTL (HSET, SADD, INCR, LPUSH, MSET, XADD, RENAME, ...) are sent together with
// PEXPIRE key ms NX, in one round trip: it gives a TTL to a key that has none, and never changes one. That is so for a
// key that existed, too: what matches the rule and is not exempt has a TTL once it is written. In a pipeline the
// PEXPIREs come last, and in a transaction last before EXEC, so that a TTL that the caller sets in there counts. The
// caller sees its own replies and errors only, whatever becomes of the PEXPIRE; a refused one is reported as Failed.
//
// In mode Warn nothing is changed; PTTL is sent along instead, and what has no TTL then is reported. In mode Reject a
// command is refused that states no TTL, unless a later one in the same pipeline or transaction does, or it is a SET with
// XX and KEEPTTL, which creates nothing. Scripts and functions are neither changed nor refused: the keys that they name are looked at, and reported in any mode.
//
// RENAME and COPY take the TTL of their source along, also to a key that is exempt: exempt the name that it is built
// under as well, or build it and rename it in one pipeline or transaction, where a key gets its TTL last.
//
// Stated TTLs are held against Min and Max. Absolute ones (EXAT, EXPIREAT) are measured by this host's clock.
//
// What Fetch, Locker, RateLimit, Sessions, Tags and Relay write through the client passes as it is, and is not reported:
// their options say how long it lives, also where a rule matches.
//
// The hook is good for any number of clients, and for their transactions and connections; make one for each server where
// only some refuse PEXPIRE, since a refusal is remembered. Clusters and Rings need more than AddHook: see Govern.
// Blocking moves (BLMOVE, BRPOPLPUSH) take a round trip more, since a pipeline cannot wait as long as they may; so does
// an AutoPipeliner's command that goes alone. A full-duplex AutoPipeliner sends commands before hooks see them, so a
// policy has no effect there. As in any pipeline of go-redis, what is retried after a broken connection is retried as a
// whole. PEXPIRE's NX needs Redis 7.0: see ErrServerTooOld.
func WithDefaultTTL(policy *Policy) redis.Hook {
	if policy == nil {
		panic("lifetime: WithDefaultTTL of no policy")
	}
	return &policyHook{policy: policy, chains: newChains()}
}

type policyHook struct {
	policy *Policy
	chains *chains

	// refusals say why the server last refused PTTL and PEXPIRE, nil if it did not. A transaction is discarded as a
	// whole when one command in it is refused, so there they are left out.
	refusals [2]atomic.Pointer[error]
}

// DialHook implements redis.Hook.
func (h *policyHook) DialHook(next redis.DialHook) redis.DialHook {
	h.chains.begin()
	return next
}

// ProcessHook implements redis.Hook.
func (h *policyHook) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	link := h.chains.chain(next)
	return func(ctx context.Context, cmd redis.Cmder) error {
		switch cmd.Name() {
		case "multi", "exec", "discard", "reset":
			return h.transaction(ctx, link, cmd)
		}
		if _, ok := commands[cmd.Name()]; !ok || h.marked(ctx) {
			return next(ctx, cmd)
		}
		return h.single(ctx, link, cmd)
	}
}

// ProcessPipelineHook implements redis.Hook.
func (h *policyHook) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	h.chains.end(next)
	return func(ctx context.Context, cmds []redis.Cmder) error {
		if h.marked(ctx) {
			return next(ctx, cmds)
		}
		return h.batch(ctx, cmds, next)
	}
}

func (h *policyHook) single(ctx context.Context, link *chain, cmd redis.Cmder) error {
	queued := link.queued()
	j := h.judge(ctx, cmd, surroundings{queued: queued, alone: !queued})
	if j.rejected != nil {
		h.policy.reporter.report(ctx, j.rejected.Violation)
		return j.rejected
	}
	var tasks cares
	tasks.add(j.cares...)
	if queued {
		link.postpone(tasks.all)
		tasks = cares{}
	}
	sent, copyBack := cmd, func() {}
	if j.with != nil {
		sent, copyBack, _ = replacement(ctx, cmd, j.with)
	}
	err := h.send(ctx, link, sent, &tasks, j.waits)
	copyBack()
	h.reportAll(ctx, j.now)
	if written(sent) {
		h.reportAll(ctx, j.ifDone)
	}
	return err
}

func (h *policyHook) reportAll(ctx context.Context, all []Violation) {
	for _, v := range all {
		h.policy.reporter.report(ctx, v)
	}
}

// send sends the command and the tasks, in one round trip if that can be, and returns the command's own error.
func (h *policyHook) send(ctx context.Context, link *chain, cmd redis.Cmder, tasks *cares, waits bool) error {
	if len(tasks.all) == 0 {
		err := link.process(h.mark(ctx), cmd)
		cmd.SetErr(err)
		return err
	}
	if link.pipeline == nil || waits {
		return h.oneByOne(ctx, link, cmd, tasks)
	}
	extras := tasks.commands(ctx)
	err := link.pipeline(h.mark(ctx), appended([]redis.Cmder{cmd}, extras))
	if neverSent(err) {
		cmd.SetErr(nil)
		return h.oneByOne(ctx, link, cmd, tasks)
	}
	for i, extra := range extras {
		h.settle(ctx, tasks.all[i], extra, cmd.Err() != nil && !errors.Is(cmd.Err(), redis.Nil))
	}
	return ownError(err, cmd.Err(), extras)
}

// oneByOne is for where there is no pipeline that could be used. What failed or found nothing needs no care.
func (h *policyHook) oneByOne(ctx context.Context, link *chain, cmd redis.Cmder, tasks *cares) error {
	below := h.mark(ctx)
	err := link.process(below, cmd)
	cmd.SetErr(err)
	if err != nil {
		return err
	}
	for i, extra := range tasks.commands(ctx) {
		extra.SetErr(link.process(below, extra))
		h.settle(ctx, tasks.all[i], extra, false)
	}
	return nil
}

// neverSent recognizes the refusal of a ClusterClient to pipeline a command that it splits over nodes (MSET, with its
// dynamic command policies). It refuses before anything is sent.
func neverSent(err error) bool {
	return err != nil && strings.HasPrefix(err.Error(), "redis: cannot pipeline command")
}

// ownError is the error of the caller's commands, where err is that of all and own the first of theirs.
func ownError(err, own error, extras []*redis.IntCmd) error {
	if err == nil || own != nil && errors.Is(err, own) {
		return err
	}
	for _, extra := range extras {
		if extra.Err() != nil && errors.Is(err, extra.Err()) {
			return own
		}
	}
	return err
}

func appended(cmds []redis.Cmder, extras []*redis.IntCmd) []redis.Cmder {
	for _, extra := range extras {
		cmds = append(cmds, extra)
	}
	return cmds
}
