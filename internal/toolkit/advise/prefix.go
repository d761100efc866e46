package advise

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/curfewkv/curfew/internal/toolkit/output"
	"github.com/curfewkv/curfew/internal/toolkit/prefix"
)

const (
	fewSampled = 30   // below, a prefix is not judged
	noticed    = 0.01 // share of removed keys that is more than an accident
	volatile   = 10 * time.Minute
	unread     = 24 * time.Hour
)

// forPrefix follows the guide: data that hardly changes lives by a TTL; data that must be fresh is invalidated when it is
// written; a mix does both, with the TTL as the net. How often data changes is not visible from outside. Short TTLs are
// taken for the owner's sign that it changes often, none for the sign that somebody takes care of it, or that it was
// forgotten.
func forPrefix(p Prefix) Advice {
	a := Advice{Subject: p.Name}
	if p.Sampled < fewSampled {
		a.Verdict = "cannot tell"
		a.Why = []string{fmt.Sprintf("%s; %d are needed", counted(p.Sampled, "key was sampled", "keys were sampled"), fewSampled)}
		return a
	}
	if p.NoTTL > 0 {
		a.Why = append(a.Why, fmt.Sprintf("%s of about %s keys have no TTL", percent(p.NoTTL), count(p.Keys)))
	} else {
		a.Why = append(a.Why, fmt.Sprintf("all of about %s keys have a TTL", count(p.Keys)))
	}
	if p.TTLMedian > 0 {
		a.Why = append(a.Why, fmt.Sprintf("of those with a TTL half end within %s", span(p.TTLMedian)))
	}
	if p.IdleMedian >= 0 {
		a.Why = append(a.Why, fmt.Sprintf("half were not used for %s, a tenth for %s", span(p.IdleMedian), span(p.IdleP90)))
	}
	if p.Watched > 0 {
		a.Why = append(a.Why, fmt.Sprintf("while watched for %s, %s were removed before their time and %s renewed",
			span(p.Watched), percent(p.Removed), percent(p.Renewed)))
	}
	switch {
	case p.Removed > noticed && p.NoTTL > 0.5 && p.perHour(p.Removed) > 1:
		a.Verdict = ByExplicit
		a.Why = append(a.Why, "the data changes within the hour and is removed when it does: a TTL short enough to matter would cost more loads than it spares; one far longer is still a cheap net under a missed removal")
		a.Do = []string{fix(p, 24*time.Hour)}
	case p.Removed > noticed:
		a.Verdict = ByBoth
		a.Why = append(a.Why, "removal on write is at work: the TTL is the net under it")
		if p.NoTTL > 0.01 {
			a.Do = []string{fix(p, 24*time.Hour)}
		}
	case p.NoTTL > 0.5 && p.IdleMedian > unread:
		p.leaks(&a)
	case p.NoTTL > 0.5 && ephemeral(p.Name):
		p.leaks(&a)
		a.Why = append(a.Why, "the name says that the data is short-lived")
	case p.NoTTL > 0.5:
		a.Verdict = ByBoth
		a.Why = append(a.Why, "the keys are in use and end only when they are deleted: one missed deletion is a stale value for ever, so a TTL belongs under it")
		a.Do = []string{fix(p, 7*24*time.Hour)}
	case p.NoTTL > 0.01:
		a.Verdict = ByTTL
		a.Why = append(a.Why, "most writes set a TTL, some do not: a code path forgets it, or a later write drops it")
		a.Do = []string{"curfew ttl lint", fix(p, max(p.TTLP90, time.Minute))}
	case p.TTLMedian > 0 && p.TTLMedian <= volatile:
		a.Verdict = ByBoth
		a.Why = append(a.Why, "the lives are short, as of data that changes often: where readers must see a change at once, invalidate on write and let the TTL be the net")
		a.Do = []string{"lifetime.Invalidator on write; lifetime.Fetch where reloading is dear"}
	default:
		a.Verdict = ByTTL
		a.Why = append(a.Why, "the keys live long and all end by themselves")
	}
	// Idle times of keys that were all written lately say nothing yet: then what remains of their lives is about the same.
	settled := p.TTLMedian < p.TTLP90*7/10
	if p.IdleMedian >= 0 && p.NoTTL < 0.5 && settled && p.TTLMedian > 4*max(p.IdleP90, time.Minute) {
		a.Why = append(a.Why, fmt.Sprintf("lives are long against use: most reads come within %s", span(p.IdleP90)))
		a.Do = append(a.Do, fmt.Sprintf("try a TTL of about %s", span(2*max(p.IdleP90, time.Minute))))
	}
	if p.Renewed > 0.2 && p.NoTTL < 0.5 {
		a.Why = append(a.Why, "lives are renewed again and again: without a hard cap such a key never ends")
		a.Do = append(a.Do, "lifetime.Sessions, whose cap is absolute")
	}
	if p.Lockstep > 0.2 {
		a.Why = append(a.Why, fmt.Sprintf("%s of the keys with a TTL end within one second: their reloads come together", percent(p.Lockstep)))
		a.Do = append(a.Do, "add jitter: lifetime.Jitter, 10%")
	}
	return a
}

// perHour is how often a share that was seen while watching would come to the whole within an hour.
func (p Prefix) perHour(share float64) float64 {
	return share * float64(time.Hour) / float64(p.Watched)
}

// leaks is the verdict on keys that nobody uses and nobody ends.
func (p Prefix) leaks(a *Advice) {
	a.Verdict = ByTTL
	ttl := 24 * time.Hour
	if p.IdleMedian > 0 && p.IdleMedian < ttl {
		ttl = max(2*p.IdleP90, time.Hour)
	}
	a.Why = append(a.Why, fmt.Sprintf("they hold %s and never end: this is a leak unless each of them is meant to stay", size(p.Bytes)))
	a.Do = []string{fix(p, ttl), "lifetime.WithDefaultTTL in the program that writes them"}
}

func fix(p Prefix, ttl time.Duration) string {
	if p.Name == prefix.Other || p.Name == "" {
		return "curfew ttl audit, to find patterns for these keys"
	}
	command := fmt.Sprintf("curfew ttl fix --match %s --default %s --jitter 10%% --dry-run", output.Shell(cmp.Or(p.Pattern, p.Name)), plain(ttl))
	for _, pattern := range p.Except {
		command += " --exclude " + output.Shell(pattern)
	}
	return command
}

// ephemeral reports whether a prefix is named like data that is short-lived by nature.
func ephemeral(name string) bool {
	name = strings.ToLower(name)
	for _, word := range []string{"session", "sess", "cache", "tmp", "temp", "lock", "ratelimit", "rate", "token", "otp", "nonce", "csrf"} {
		for _, part := range strings.FieldsFunc(name, func(r rune) bool { return strings.ContainsRune(":-_./|{}*", r) }) {
			if part == word || part == word+"s" {
				return true
			}
		}
	}
	return false
}
