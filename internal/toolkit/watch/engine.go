package watch

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/curfewkv/curfew/internal/toolkit/output"
	"github.com/curfewkv/curfew/internal/toolkit/reading"
	"github.com/curfewkv/curfew/internal/toolkit/skew"
)

// An Observation is all that is known at one time.
type Observation struct {
	At       time.Time
	Readings []reading.Reading
	Clocks   *skew.Verdict   // nil: not compared yet
	Sample   *reading.Sample // nil: there is no sampler
}

// States of an Event.
const (
	Firing   = "firing"
	Resolved = "resolved"
)

// An Event is the begin or the end of an alarm.
type Event struct {
	State    string    `json:"state"`
	Rule     string    `json:"rule"`
	Subject  string    `json:"subject"` // a node, a prefix, or what the rule is about as a whole
	Severity string    `json:"severity"`
	Value    float64   `json:"value"`
	Limit    float64   `json:"limit"`
	Text     string    `json:"text"`
	Since    time.Time `json:"since"` // when the limit was crossed
	At       time.Time `json:"at"`
}

// condition is how one subject stands to a rule.
type condition struct {
	subject string
	value   float64
	unknown bool // it cannot be told now; whatever was, stays
	text    string
}

// alarm is the state of a rule for a subject.
type alarm struct {
	since   time.Time // when the limit was crossed
	firing  bool
	under   time.Time // since when it is at or below Clear, while firing; zero: it is not
	last    condition
	current bool // it was seen in this round
}

// An Engine turns observations into events. It is for one goroutine, and knows no clock but Observation.At.
type Engine struct {
	rules []Rule
	// ResolveAfter is how long it must be well again before an alarm ends.
	resolveAfter time.Duration

	alarms map[string]map[string]*alarm // by rule and subject
	nodes  map[string]*history
}

// NewEngine makes an engine for those rules that are not off.
func NewEngine(rules []Rule, resolveAfter time.Duration) *Engine {
	e := &Engine{resolveAfter: resolveAfter, alarms: map[string]map[string]*alarm{}, nodes: map[string]*history{}}
	for _, r := range rules {
		if !r.Off {
			e.rules = append(e.rules, r)
			e.alarms[r.Name] = map[string]*alarm{}
		}
	}
	return e
}

// Observe returns what began or ended with this observation, the oldest rule first.
func (e *Engine) Observe(o Observation) []Event {
	e.remember(o)
	var events []Event
	for i := range e.rules {
		rule := &e.rules[i]
		for _, c := range rule.evaluate(e, rule, o) {
			events = append(events, e.judge(rule, c, o.At)...)
		}
		events = append(events, e.gone(rule, o.At)...)
	}
	return events
}

func (e *Engine) judge(rule *Rule, c condition, now time.Time) []Event {
	a := e.alarms[rule.Name][c.subject]
	if a == nil {
		if c.unknown || c.value <= rule.Max {
			return nil
		}
		a = &alarm{since: now}
		e.alarms[rule.Name][c.subject] = a
	}
	a.current = true
	if c.unknown {
		a.under = time.Time{}
		return nil
	}
	a.last = c
	switch {
	case !a.firing && c.value <= rule.Max:
		delete(e.alarms[rule.Name], c.subject) // it was crossed for too short a time
	case !a.firing && now.Sub(a.since) >= rule.For:
		a.firing = true
		return []Event{rule.event(Firing, a, now)}
	case !a.firing, c.value > rule.Clear:
		a.under = time.Time{}
	default:
		return e.settle(rule, a, now)
	}
	return nil
}

// settle ends an alarm that has been well for long enough.
func (e *Engine) settle(rule *Rule, a *alarm, now time.Time) []Event {
	if a.under.IsZero() {
		a.under = now
	}
	if now.Sub(a.under) < e.resolveAfter {
		return nil
	}
	delete(e.alarms[rule.Name], a.last.subject)
	return []Event{rule.event(Resolved, a, now)}
}

// gone ends the alarms of subjects that the rule no longer knows: a node that left, a prefix that has no such keys.
func (e *Engine) gone(rule *Rule, now time.Time) []Event {
	var events []Event
	alarms := e.alarms[rule.Name]
	for _, subject := range slices.Sorted(maps.Keys(alarms)) {
		a := alarms[subject]
		if a.current {
			a.current = false
			continue
		}
		if !a.firing {
			delete(alarms, subject)
			continue
		}
		a.last = condition{subject: subject, text: output.Printable(subject) + " is no longer above the limit, or no longer there"}
		events = append(events, e.settle(rule, a, now)...)
	}
	return events
}

func (r *Rule) event(state string, a *alarm, now time.Time) Event {
	return Event{
		State: state, Rule: r.Name, Subject: a.last.subject, Severity: r.Severity, Value: a.last.value, Limit: r.Max,
		Text: a.last.text, Since: a.since, At: now,
	}
}

// Alarms are those that are firing, ordered by rule and subject.
func (e *Engine) Alarms() []Event {
	var all []Event
	for i := range e.rules {
		rule := &e.rules[i]
		for _, a := range e.alarms[rule.Name] {
			if a.firing {
				all = append(all, rule.event(Firing, a, a.since))
			}
		}
	}
	slices.SortFunc(all, func(a, b Event) int {
		return cmp.Or(strings.Compare(a.Rule, b.Rule), strings.Compare(a.Subject, b.Subject))
	})
	return all
}

// String is the event in one line.
func (ev Event) String() string {
	mark := "RESOLVED"
	if ev.State == Firing {
		mark = strings.ToUpper(ev.Severity)
	}
	return fmt.Sprintf("[%s] %s: %s", mark, ev.Rule, ev.Text)
}
