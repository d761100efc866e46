package lifetime

import (
	"context"

	"github.com/redis/go-redis/v9"
)

// A judgement is what the policy makes of one command.
type judgement struct {
	rejected *ViolationError
	now      []Violation // to be reported whatever the server answers
	ifDone   []Violation // to be reported if the command did what it was sent for
	with     words       // what to send instead; nil: the command as it is
	cares    []care
	waits    bool
}

// surroundings are what a command is sent together with.
type surroundings struct {
	at         int            // the command's place
	lastExpire map[string]int // by key, the place of the last command that states its TTL
	lastLook   map[string]int // by key, the place of the last command that depends on its TTL
	queued     bool           // in a MULTI that the caller sent itself, whose EXEC has the bare replies
	alone      bool
}

// expiredLater reports whether a later command of the batch states the key's TTL.
func (s surroundings) expiredLater(key string) bool {
	at, ok := s.lastExpire[key]
	return ok && at > s.at
}

// lookedAtLater reports whether a later command of the batch depends on the key's TTL. It must find the key as it would
// be without the policy: EXPIRE NX, for instance, or RENAME to a name that is exempt.
func (s surroundings) lookedAtLater(key string) bool {
	at, ok := s.lastLook[key]
	return ok && at > s.at
}

func (h *policyHook) judge(ctx context.Context, cmd redis.Cmder, s surroundings) judgement {
	c, ok := commands[cmd.Name()]
	if !ok {
		return judgement{}
	}
	j := judgement{waits: c.waits}
	w := words(cmd.Args())
	h.judgeStated(ctx, &j, c, cmd, w)
	if c.touches == nil || j.rejected != nil {
		return j
	}
	for _, key := range c.touches(w) {
		if rule := h.policy.ruleOf(key); rule != nil {
			h.judgeTouched(ctx, &j, c, cmd, rule, key, s)
		}
		if j.rejected != nil {
			break
		}
	}
	return j
}

// judgeStated holds a stated TTL against the bounds of its keys' rules.
func (h *policyHook) judgeStated(ctx context.Context, j *judgement, c command, cmd redis.Cmder, w words) {
	if c.states == nil {
		return
	}
	for _, key := range c.limited(w) {
		s, ok := c.states(w)
		rule := h.policy.ruleOf(key)
		if !ok || rule == nil || rule.Min == 0 && rule.Max == 0 {
			continue
		}
		now := h.policy.now()
		ttl, ok := s.ttl(w, now)
		if !ok {
			return
		}
		v := Violation{Key: key, Command: cmd.Name(), Rule: rule.Match, TTL: ttl}
		limit := lower
		switch {
		case rule.Max > 0 && ttl > rule.Max:
			v.Bound = rule.Max
		case ttl < rule.Min:
			v.Bound, limit = rule.Min, raise
		default:
			continue
		}
		switch rule.Mode {
		case Warn:
			v.Action = Warned
			j.now = append(j.now, v)
		case Reject:
			v.Action = Rejected
			j.rejected = &ViolationError{v}
			return
		case Apply:
			v.Action = Clamped
			changed := s.with(w, v.Bound, now)
			if _, _, ok := replacement(ctx, cmd, changed); !ok {
				j.cares = append(j.cares, care{task: limit, ttl: v.Bound, violation: v})
				continue
			}
			w, j.with = changed, changed
			j.ifDone = append(j.ifDone, v)
		}
	}
}

// judgeTouched says what to do about a key that the command may leave without a TTL.
func (h *policyHook) judgeTouched(ctx context.Context, j *judgement, c command, cmd redis.Cmder, rule *Rule, key string, s surroundings) {
	v := Violation{Key: key, Command: cmd.Name(), Rule: rule.Match, Action: Warned}
	switch {
	case c.script:
		v.Action = Scripted
		j.cares = append(j.cares, care{task: look, violation: v})
	case rule.Mode == Warn && s.alone && h.mayExpire(c, cmd) && cmd.Name() == "set":
		// A SET that writes leaves no TTL: no need to ask.
		j.ifDone = append(j.ifDone, v)
	case rule.Mode == Warn:
		j.cares = append(j.cares, care{task: look, violation: v})
	case rule.Mode == Reject:
		governed := c.source != nil && h.policy.ruleOf(c.source(words(cmd.Args()))) != nil
		if !governed && !s.expiredLater(key) && !onlyUpdates(cmd.Args()) {
			v.Action = Rejected
			j.rejected = &ViolationError{v}
		}
	default:
		v.Action = Defaulted
		ttl := rule.ttl(key)
		if h.mayExpire(c, cmd) && !s.lookedAtLater(key) && !(s.queued && isSetnx(cmd)) {
			with := c.expiring(cmd.Args(), ttl.Milliseconds())
			if _, _, ok := replacement(ctx, cmd, with); ok {
				j.with = with
				j.ifDone = append(j.ifDone, v)
				return
			}
		}
		j.cares = append(j.cares, care{task: give, ttl: ttl, violation: v})
	}
}

// mayExpire reports whether a TTL can be put into the command itself.
func (h *policyHook) mayExpire(c command, cmd redis.Cmder) bool {
	return c.expiring != nil && c.expiring(cmd.Args(), 1) != nil
}
