package audit

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// A Condition is what CI is to fail for, such as no_ttl>1000 or no_ttl[session:*]>0.
type Condition struct {
	text    string
	field   string
	pattern string // "": all keys
	op      string
	limit   float64
}

// conditionFields are what a condition can be about, and how it is read from a row.
var conditionFields = map[string]func(*Row) float64{
	"keys":         func(r *Row) float64 { return r.Keys.Value },
	"no_ttl":       func(r *Row) float64 { return r.NoTTL.Value },
	"no_ttl_ratio": func(r *Row) float64 { return r.NoTTLRatio() },
	"bytes":        func(r *Row) float64 { return r.Bytes.Value },
	"no_ttl_bytes": func(r *Row) float64 { return r.NoTTLBytes },
	"share":        func(r *Row) float64 { return r.Share },
	"ttl_median":   func(r *Row) float64 { return ms(r.TTLMedian) / 1000 },
	"ttl_p90":      func(r *Row) float64 { return ms(r.TTLP90) / 1000 },
	"biggest":      func(r *Row) float64 { return float64(biggestOf(r)) },
}

// memoryRatio is about servers, not keys.
const memoryRatio = "memory_ratio"

func ms(n *int64) float64 {
	if n == nil {
		return 0
	}
	return float64(*n)
}

func biggestOf(r *Row) int64 {
	if r.Biggest == nil {
		return 0
	}
	return r.Biggest.Bytes
}

var conditionOps = []string{">=", "<=", "==", "!=", ">", "<"}

// units are what a limit may end with.
var units = []struct {
	suffix string
	factor float64
}{
	{"kib", 1 << 10}, {"mib", 1 << 20}, {"gib", 1 << 30}, {"kb", 1 << 10}, {"mb", 1 << 20}, {"gb", 1 << 30},
	{"%", 0.01}, {"k", 1e3}, {"m", 1e6}, {"g", 1e9}, {"s", 1}, {"h", 3600}, {"d", 86400},
}

// ConditionHelp is for the flag's text.
func ConditionHelp() string {
	names := []string{memoryRatio}
	for name := range conditionFields {
		names = append(names, name)
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

// ParseCondition reads field[pattern] operator number.
func ParseCondition(text string) (Condition, error) {
	c := Condition{text: strings.TrimSpace(text)}
	left, limit := "", ""
	// The pattern may have any of the operators' characters within.
	head := strings.IndexAny(text, "[<>=!")
	after := 0
	if head >= 0 && text[head] == '[' {
		end := strings.LastIndexByte(text, ']')
		if end < head {
			return c, fmt.Errorf("%q: the [ of the pattern has no ]", text)
		}
		c.pattern, after = text[head+1:end], end+1
		if c.pattern == "" {
			return c, fmt.Errorf("%q: an empty pattern; without [] it is about all keys", text)
		}
		left = text[:head]
	}
	rest := text[after:]
	i := strings.IndexAny(rest, "<>=!")
	if i < 0 {
		return c, fmt.Errorf("%q has no comparison, as no_ttl>1000 has", text)
	}
	if after == 0 {
		left = rest[:i]
	} else if strings.TrimSpace(rest[:i]) != "" {
		return c, fmt.Errorf("%q: %q between the pattern and the comparison", text, rest[:i])
	}
	for _, op := range conditionOps {
		if strings.HasPrefix(rest[i:], op) {
			c.op, limit = op, rest[i+len(op):]
			break
		}
	}
	if c.op == "" {
		return c, fmt.Errorf("%q: compare by one of %s", text, strings.Join(conditionOps, " "))
	}
	c.field = strings.TrimSpace(left)
	if conditionFields[c.field] == nil && c.field != memoryRatio {
		return c, fmt.Errorf("%q: there is no figure %q, but %s", text, c.field, ConditionHelp())
	}
	if c.field == memoryRatio && c.pattern != "" {
		return c, fmt.Errorf("%q: %s is about servers, and has no pattern", text, memoryRatio)
	}
	var err error
	c.limit, err = parseLimit(strings.TrimSpace(limit))
	if err != nil {
		return c, fmt.Errorf("%q: %w", text, err)
	}
	return c, nil
}

func parseLimit(text string) (float64, error) {
	lower, factor := strings.ToLower(text), 1.0
	for _, u := range units {
		if number, ok := strings.CutSuffix(lower, u.suffix); ok {
			lower, factor = strings.TrimSpace(number), u.factor
			break
		}
	}
	n, err := strconv.ParseFloat(strings.ReplaceAll(lower, "_", ""), 64)
	if err != nil || n != n {
		return 0, fmt.Errorf("%q is not a number such as 1000, 5%%, 10k, 2gb or 24h", text)
	}
	return n * factor, nil
}

// Pattern is what must be among Options.Asked; "" is nothing.
func (c Condition) Pattern() string { return c.pattern }

// Crossed says by what a report meets the condition, "" when it does not. The keys without a TTL of all are those that
// servers count; figures of a sample are its best guesses.
func (c Condition) Crossed(r *Report) (string, error) {
	if c.field == memoryRatio {
		return c.memory(r)
	}
	row := &r.Total
	if c.pattern != "" {
		i := slices.IndexFunc(r.Asked, func(row Row) bool { return row.Prefix == c.pattern })
		if i < 0 {
			return "", fmt.Errorf("%q: %s was not counted", c.text, c.pattern)
		}
		row = &r.Asked[i]
	}
	if strings.Contains(c.field, "bytes") || c.field == "biggest" {
		if !r.HasBytes && r.Looked > 0 {
			return "", fmt.Errorf("%q: the server does not tell the size of keys (MEMORY USAGE is refused)", c.text)
		}
	}
	value := conditionFields[c.field](row)
	if noTTL, keys := r.headline(); c.pattern == "" {
		switch c.field {
		case "keys":
			value = keys
		case "no_ttl":
			value = noTTL
		case "no_ttl_ratio":
			value = ratio(noTTL, keys)
		}
	}
	if !c.holds(value) {
		return "", nil
	}
	return fmt.Sprintf("%s: it is %s", c.text, number(value)), nil
}

func (c Condition) memory(r *Report) (string, error) {
	limited := false
	for _, s := range r.Servers {
		if s.MaxMemory <= 0 || s.UsedMemory < 0 {
			continue
		}
		limited = true
		if value := float64(s.UsedMemory) / float64(s.MaxMemory); c.holds(value) {
			return fmt.Sprintf("%s: it is %s on %s", c.text, number(value), s.Addr), nil
		}
	}
	if !limited {
		return "", fmt.Errorf("%q: no server has a maxmemory, or tells it", c.text)
	}
	return "", nil
}

func (c Condition) holds(x float64) bool {
	switch c.op {
	case ">":
		return x > c.limit
	case ">=":
		return x >= c.limit
	case "<":
		return x < c.limit
	case "<=":
		return x <= c.limit
	case "==":
		return x == c.limit
	}
	return x != c.limit
}

func number(x float64) string {
	if math.Abs(x) >= 1000 { // an estimate of a count: its fraction says nothing
		x = math.Round(x)
	}
	return strconv.FormatFloat(x, 'f', -1, 64)
}
