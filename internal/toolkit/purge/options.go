package purge

import (
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/curfewkv/curfew/internal/toolkit/sweep"
)

// Options say which keys are removed: those that match a pattern and hold every condition.
type Options struct {
	Match   []string // none: all keys, if there is a condition
	Exclude []string

	NoTTL    bool
	TTLAbove time.Duration // what is left of the TTL is that or more
	IdleFor  time.Duration // nobody has used the key for that long
	// OlderThan is the age of keys that were written with TTL: the server knows only what is left of it.
	OlderThan, TTL time.Duration

	DryRun bool
	Sweep  sweep.Options
}

// Check refuses options that go against each other, or that say nothing.
func (o *Options) Check() error {
	for _, d := range []struct {
		flag  string
		value time.Duration
	}{{"--ttl-above", o.TTLAbove}, {"--idle-for", o.IdleFor}, {"--older-than", o.OlderThan}, {"--ttl", o.TTL}} {
		if d.value < 0 {
			return fmt.Errorf("%s %v: less than none", d.flag, d.value)
		}
	}
	switch {
	case o.OlderThan > 0 && o.TTL == 0:
		return errors.New("--older-than needs --ttl, the TTL that the keys were written with: a server does not know the age of a key, only what is left of its TTL")
	case o.TTL > 0 && o.OlderThan == 0:
		return errors.New("--ttl is for --older-than")
	case o.OlderThan >= o.TTL && o.TTL > 0:
		return fmt.Errorf("--older-than %v: no key with a TTL of %v gets that old", o.OlderThan, o.TTL)
	case o.IdleFor > 0 && o.IdleFor < time.Second:
		return fmt.Errorf("--idle-for %v: servers count that in seconds", o.IdleFor)
	case o.NoTTL && (o.TTLAbove > 0 || o.OlderThan > 0):
		return errors.New("--no-ttl goes neither with --ttl-above nor with --older-than: no key holds both")
	}
	c := o.condition()
	if c.least > c.most {
		return errors.New("no key is both --older-than and --ttl-above that")
	}
	if len(o.Match) == 0 && !c.judges() && o.Sweep.Type == "" {
		return errors.New("nothing says which keys: give --match, --no-ttl, --ttl-above, --older-than, --idle-for, --type, --tag or --tag-set")
	}
	for _, p := range o.Match {
		if p == "" {
			return errors.New("--match: the pattern is empty")
		}
	}
	return nil
}

func (o *Options) patterns() []string {
	if len(o.Match) == 0 {
		return []string{"*"}
	}
	return o.Match
}

// A condition is what a key must hold besides its name.
type condition struct {
	least, most int64 // of PTTL, ms; -1 is no TTL
	idle        int64 // seconds, -1: any
}

// anyTTL holds for every key.
var anyTTL = condition{-1, math.MaxInt64, -1}

func (o *Options) condition() condition {
	c := anyTTL
	if o.NoTTL {
		c.least, c.most = -1, -1
	}
	if o.TTLAbove > 0 {
		c.least = o.TTLAbove.Milliseconds()
	}
	if o.OlderThan > 0 {
		c.least, c.most = max(c.least, 0), (o.TTL - o.OlderThan).Milliseconds()
	}
	if o.IdleFor > 0 {
		c.idle = int64(o.IdleFor / time.Second)
	}
	return c
}

// judges reports whether keys have to be looked at.
func (c condition) judges() bool { return c != anyTTL }

func (c condition) holds(ttl, idle int64) bool {
	return ttl >= c.least && ttl <= c.most && (c.idle < 0 || idle >= c.idle)
}
