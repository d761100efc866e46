package watch

import (
	"fmt"
	"time"

	"github.com/dustin/go-humanize"

	"github.com/curfewkv/curfew/internal/toolkit/output"
	"github.com/curfewkv/curfew/internal/toolkit/reading"
	"github.com/curfewkv/curfew/internal/toolkit/skew"
)

// allPrimaries is the subject of rules about the whole.
const allPrimaries = "all primaries"

// primaries says of the primaries' keys what is known; whole is false when one that was there does not answer, and no
// other has taken its place.
func (e *Engine) primaries(o Observation) (nodes []*history, whole bool) {
	var missing []*history
	whole = true
	replaced := map[string]bool{} // replication ids that a live primary has taken over
	for _, r := range o.Readings {
		h := e.nodes[r.Node]
		switch {
		case r.Refused, !r.Up() && h == nil:
			whole = false
		case r.Up() && r.Primary():
			nodes = append(nodes, h)
			replaced[r.Fields["master_replid2"]] = true
		case !r.Up() && h.last.Primary():
			missing = append(missing, h)
		}
	}
	for _, h := range missing {
		id := h.last.Fields["master_replid"]
		whole = whole && id != "" && replaced[id]
	}
	return nodes, whole
}

func noTTLKeys(e *Engine, r *Rule, o Observation) []condition {
	nodes, whole := e.primaries(o)
	sum := int64(0)
	for _, h := range nodes {
		_, noTTL := h.last.Keys()
		sum += noTTL
	}
	value := float64(sum)
	return []condition{{
		subject: allPrimaries, value: value,
		// What is left may be enough for an alarm, and is never enough to end one.
		unknown: !whole && value <= r.Max,
		text:    fmt.Sprintf("%s keys have no TTL (limit %s)", humanize.Comma(sum), r.unit.format(r.Max)),
	}}
}

func noTTLGrowth(e *Engine, r *Rule, o Observation) []condition {
	nodes, whole := e.primaries(o)
	grown, known := 0.0, whole
	var longest time.Duration
	for _, h := range nodes {
		from, to, ok := h.over(time.Hour)
		known = known && ok
		grown += to.noTTL - from.noTTL
		longest = max(longest, to.at.Sub(from.at))
	}
	return []condition{{
		subject: allPrimaries, value: grown, unknown: !known && grown <= r.Max,
		text: fmt.Sprintf("%s more keys without TTL than %v ago (limit %s an hour)",
			r.unit.format(grown), longest.Round(time.Second), r.unit.format(r.Max)),
	}}
}

func noTTLPrefix(_ *Engine, r *Rule, o Observation) []condition {
	if o.Sample == nil || o.Sample.At.IsZero() {
		return nil
	}
	about := "about "
	if o.Sample.Complete {
		about = ""
	}
	var all []condition
	for _, p := range o.Sample.Prefixes {
		all = append(all, condition{
			subject: p.Pattern, value: p.NoTTL,
			text: fmt.Sprintf("%s%s keys of %s have no TTL (limit %s)", about, r.unit.format(p.NoTTL), output.Printable(p.Pattern), r.unit.format(r.Max)),
		})
	}
	return all
}

// each evaluates a rule for every node. A node that is down, or of which it cannot be told, keeps the state it has.
func (e *Engine) each(o Observation, one func(h *history) (value float64, text string, ok bool)) []condition {
	all := make([]condition, 0, len(o.Readings))
	for _, r := range o.Readings {
		c := condition{subject: r.Node, unknown: true}
		if r.Up() && !r.Refused {
			value, text, ok := one(e.nodes[r.Node])
			c.value, c.text, c.unknown = value, r.Node+": "+text, !ok
		}
		all = append(all, c)
	}
	return all
}

func memoryUsed(e *Engine, r *Rule, o Observation) []condition {
	return e.each(o, func(h *history) (float64, string, bool) {
		used, ok1 := h.last.Number("used_memory")
		limit, ok2 := h.last.Number("maxmemory")
		if !ok1 || !ok2 {
			return 0, "", false
		}
		if limit == 0 {
			return 0, "there is no maxmemory", true
		}
		return used / limit, fmt.Sprintf("memory is %s full, %s of %s (limit %s)", r.unit.format(used/limit),
			humanize.IBytes(uint64(used)), humanize.IBytes(uint64(limit)), r.unit.format(r.Max)), true
	})
}

// keysExplain: growth of memory is in proportion to the growth of keys when these grew by half of its share or more.
const keysExplain = 0.5

func memoryGrowth(e *Engine, r *Rule, o Observation) []condition {
	return e.each(o, func(h *history) (float64, string, bool) {
		from, to, ok := h.over(24 * time.Hour)
		if !ok || from.memory <= 0 {
			return 0, "", false
		}
		grown := to.memory - from.memory
		keys := (to.keys - from.keys) / max(1, from.keys)
		if keys >= keysExplain*grown/from.memory {
			return 0, "memory grows with the number of keys", true
		}
		return grown, fmt.Sprintf("memory grew by %s in %v, keys by %s (limit %s a day)", r.unit.format(grown),
			to.at.Sub(from.at).Round(time.Second), humanize.Comma(int64(to.keys-from.keys)), r.unit.format(r.Max)), true
	})
}

func evictionRate(e *Engine, r *Rule, o Observation) []condition {
	return e.each(o, func(h *history) (float64, string, bool) {
		rate, ok := h.rate(func(r reading.Reading) (float64, bool) { return r.Number("evicted_keys") })
		return rate, fmt.Sprintf("%s keys are evicted (limit %s)", r.unit.format(rate), r.unit.format(r.Max)), ok
	})
}

func writeFailures(e *Engine, r *Rule, o Observation) []condition {
	return e.each(o, func(h *history) (float64, string, bool) {
		worst, most := "", 0.0
		for i, kind := range reading.FailedWrites {
			if rate, ok := h.rate(failures(i)); ok && rate > most {
				worst, most = kind, rate
			}
		}
		rate, ok := h.rate(failures(-1))
		text := fmt.Sprintf("%s writes are refused (limit %s)", r.unit.format(rate), r.unit.format(r.Max))
		if worst != "" {
			text += ", most of them with " + worst
		}
		return rate, text, ok
	})
}

// failures counts refused writes of one kind, or of all.
func failures(kind int) func(reading.Reading) (float64, bool) {
	return func(r reading.Reading) (float64, bool) {
		kinds, ok := r.WriteFailures()
		sum := 0.0
		for i, k := range kinds {
			if kind < 0 || kind == i {
				sum += k.N
			}
		}
		return sum, ok
	}
}

func clockSkew(_ *Engine, r *Rule, o Observation) []condition {
	if o.Clocks == nil || o.Clocks.Compared < 2 {
		return []condition{{subject: "clocks", unknown: true}}
	}
	s := o.Clocks.Worst
	return []condition{{
		subject: "clocks", value: s.Proven().Seconds(), unknown: o.Clocks.State == skew.Perhaps,
		text: fmt.Sprintf("%s is %v ± %v ahead of %s (limit %s)", s.B, s.Offset.Round(time.Microsecond), s.Bound.Round(time.Microsecond), s.A, r.unit.format(r.Max)),
	}}
}

func unreachable(_ *Engine, _ *Rule, o Observation) []condition {
	var all []condition
	for _, r := range o.Readings {
		c := condition{subject: r.Node, text: r.Node + " answers"}
		switch {
		case !r.Up():
			c.value, c.text = 1, fmt.Sprintf("%s does not answer: %v", r.Node, r.Err)
		case r.Refused: // no other rule can judge the node: that must not look like all is well
			c.value, c.text = 1, r.Node+" refuses INFO to this user: nothing of it can be judged"
		}
		all = append(all, c)
	}
	return all
}

func samplerStale(_ *Engine, r *Rule, o Observation) []condition {
	if o.Sample == nil {
		return nil
	}
	age := o.Sample.Age(o.At)
	text := fmt.Sprintf("the newest sample of prefixes is %v old (limit %s)", age.Round(time.Second), r.unit.format(r.Max))
	if o.Sample.Err != nil {
		text += fmt.Sprintf("; the last try: %v", o.Sample.Err)
	}
	return []condition{{subject: "sampler", value: age.Seconds(), text: text}}
}
