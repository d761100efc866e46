package lifetime

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

// An Action is what became of a violation.
type Action string

const (
	Defaulted Action = "defaulted" // the key had no TTL, and has the rule's Default now
	Clamped   Action = "clamped"   // the TTL was out of bounds, and is the bound now
	Warned    Action = "warned"    // the key has no TTL, or one out of bounds, and still has
	Rejected  Action = "rejected"  // the command was not sent
	Scripted  Action = "script"    // a script or function left the key without a TTL; scripts are not changed
	Failed    Action = "failed"    // the server would not tell or set the TTL; Err says why
)

// A Violation is a key that a command left, or would have left, without a TTL or with one out of bounds.
type Violation struct {
	Key     string
	Command string // its name, in lower case
	Rule    string // the rule's Match
	Action  Action
	TTL     time.Duration // that the command stated; 0: none
	Bound   time.Duration // the Min or Max that TTL is beyond; 0: it has no TTL
	Err     error         // of Failed
}

// A ViolationError is returned in mode Reject. Nothing of the command, or of the pipeline that it is in, was sent.
type ViolationError struct{ Violation }

func (e *ViolationError) Error() string {
	v := e.Violation
	switch {
	case v.Bound == 0:
		return fmt.Sprintf("lifetime: TTLREQUIRED key '%s' needs an expiration (policy %s)", v.Key, v.Rule)
	case v.TTL > v.Bound:
		return fmt.Sprintf("lifetime: TTLRANGE key '%s' would live %v, at most %v is allowed (policy %s)", v.Key, v.TTL, v.Bound, v.Rule)
	}
	return fmt.Sprintf("lifetime: TTLRANGE key '%s' would live %v, at least %v is required (policy %s)", v.Key, v.TTL, v.Bound, v.Rule)
}

// ErrServerTooOld is in the Err of violations on servers that do not know PEXPIRE's NX, which came with Redis 7.0. SET
// gets its TTL there all the same; keys of other commands stay without.
var ErrServerTooOld = errors.New("PEXPIRE with NX needs Redis 7.0 or later")

// reporter counts violations, calls back, and logs not too often.
type reporter struct {
	callback  func(context.Context, Violation)
	logger    *slog.Logger
	every     time.Duration
	telemetry Telemetry
	now       func() time.Time

	mu     sync.Mutex
	logged map[loggedOnce]*silence // guarded by mu; bounded by rules x actions
}

type loggedOnce struct {
	rule   string
	action Action
}

// silence is since when a line has not been logged again, and how often it would have been.
type silence struct {
	since      time.Time
	suppressed int
}

func newReporter(o PolicyOptions, now func() time.Time) *reporter {
	r := &reporter{
		callback: o.OnViolation, logger: o.Logger, every: o.LogEvery,
		telemetry: o.Telemetry, now: now, logged: map[loggedOnce]*silence{},
	}
	if r.every == 0 {
		r.every = time.Minute
	}
	return r
}

func (r *reporter) report(ctx context.Context, v Violation) {
	r.telemetry.add(policyTTL, 1, v.Rule, string(v.Action))
	if r.callback != nil {
		r.callback(ctx, v)
	}
	// What is rejected is returned to the caller, who logs it or does not.
	if v.Action != Rejected && r.every > 0 {
		r.log(ctx, v)
	}
}

func (r *reporter) log(ctx context.Context, v Violation) {
	r.mu.Lock()
	now := r.now()
	at := loggedOnce{v.Rule, v.Action}
	quiet, again := r.logged[at]
	if again && now.Sub(quiet.since) < r.every {
		quiet.suppressed++
		r.mu.Unlock()
		return
	}
	suppressed := 0
	if again {
		suppressed = quiet.suppressed
	}
	r.logged[at] = &silence{since: now}
	r.mu.Unlock()

	logger := r.logger
	if logger == nil {
		logger = slog.Default()
	}
	level := slog.LevelWarn
	if v.Action == Defaulted || v.Action == Clamped {
		level = slog.LevelInfo
	}
	attributes := []slog.Attr{
		slog.String("key", v.Key), slog.String("command", v.Command), slog.String("policy", v.Rule), slog.String("action", string(v.Action)),
	}
	if v.Bound > 0 {
		attributes = append(attributes, slog.Duration("ttl", v.TTL), slog.Duration("bound", v.Bound))
	}
	if suppressed > 0 {
		attributes = append(attributes, slog.Int("others", suppressed))
	}
	if v.Err != nil {
		attributes = append(attributes, slog.Any("error", v.Err))
	}
	logger.LogAttrs(ctx, level, "lifetime: "+v.summary(), attributes...)
}

func (v Violation) summary() string {
	switch {
	case v.Action == Failed:
		return "the TTL of a key could not be checked or set"
	case v.Bound > 0:
		return "a key is written with a TTL out of bounds"
	}
	return "a key is written without a TTL"
}
