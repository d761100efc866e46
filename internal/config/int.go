package config

import (
	"fmt"
	"math"
	"strconv"
	"sync/atomic"
)

// notation is how an Int is read and written.
type notation uint8

const (
	decimal notation = iota
	octal
	memory          // bytes with a unit
	memoryOrPercent // the same, or "5%", held as -5
)

// Int is a numeric key.
type Int struct {
	v        atomic.Int64
	min, max int64
	as       notation
}

// Int declares a decimal key with inclusive bounds.
func (r *Registry) Int(name string, def, min, max int64, opts ...Option) *Int {
	return r.number(name, def, min, max, decimal, opts)
}

// Octal declares a key written in octal, such as a file mode.
func (r *Registry) Octal(name string, def, min, max int64, opts ...Option) *Int {
	return r.number(name, def, min, max, octal, opts)
}

// Memory declares a key that counts bytes; see ParseMemory for its units.
// CONFIG GET shows plain bytes, CONFIG REWRITE the largest binary unit that
// divides them.
func (r *Registry) Memory(name string, def, min, max int64, opts ...Option) *Int {
	return r.number(name, def, min, max, memory, opts)
}

// MemoryOrPercent declares a key that is a number of bytes or a percentage of
// another one, such as maxmemory-clients. A percentage p is held as -p; Of
// resolves it.
func (r *Registry) MemoryOrPercent(name string, def, maxPercent, max int64, opts ...Option) *Int {
	return r.number(name, def, -maxPercent, max, memoryOrPercent, opts)
}

func (r *Registry) number(name string, def, min, max int64, as notation, opts []Option) *Int {
	if def < min || def > max {
		panic("config: default out of bounds: " + name)
	}
	i := &Int{min: min, max: max, as: as}
	i.v.Store(def)
	r.declare(name, i, opts)
	return i
}

// Get returns the value: one atomic load.
func (i *Int) Get() int64 { return i.v.Load() }

// Override sets the value on behalf of the key's owner, past all checks and
// hooks: a server that may open fewer files than maxclients lowers it.
func (i *Int) Override(v int64) { i.v.Store(v) }

// Of resolves a MemoryOrPercent against the amount that 100% stands for.
func (i *Int) Of(total int64) int64 {
	v := i.v.Load()
	if v >= 0 {
		return v
	}
	// In floating point: total * 100 need not fit 64 bits.
	return int64(float64(total) / 100 * float64(-v))
}

func (i *Int) load() any { return i.v.Load() }

func (i *Int) store(v any) error {
	i.v.Store(v.(int64))
	return nil
}

func (i *Int) parse(args []string) (any, error) {
	if len(args) != 1 {
		return nil, errArgCount
	}
	n, err := i.read(args[0])
	if err != nil {
		return nil, err
	}
	if i.as == memoryOrPercent && n < 0 {
		if n < i.min {
			return nil, fmt.Errorf("percentage argument must be less or equal to %d", -i.min)
		}
		return n, nil
	}
	if n < i.min || n > i.max {
		if i.as == octal {
			return nil, fmt.Errorf("argument must be between %o and %o inclusive", i.min, i.max)
		}
		return nil, fmt.Errorf("argument must be between %d and %d inclusive", i.min, i.max)
	}
	return n, nil
}

func (i *Int) read(s string) (int64, error) {
	switch i.as {
	case decimal:
		return parseInt(s)
	case octal:
		n, err := strconv.ParseInt(s, 8, 64)
		if err != nil || s[0] == '+' {
			return 0, errOctal
		}
		return n, nil
	case memory:
		n, ok := ParseMemory(s)
		if !ok {
			return 0, errMemory
		}
		return n, nil
	default:
		if k := len(s) - 1; k > 0 && s[k] == '%' {
			if n, err := parseInt(s[:k]); err == nil && n >= 0 {
				return -n, nil
			}
			return 0, errMemPercent
		}
		n, ok := ParseMemory(s)
		if !ok {
			return 0, errMemPercent
		}
		return n, nil
	}
}

// parseInt accepts one spelling for each number: no plus sign, no leading zero.
func parseInt(s string) (int64, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || strconv.FormatInt(n, 10) != s {
		return 0, errInteger
	}
	return n, nil
}

func (i *Int) format(v any) string {
	n := v.(int64)
	switch {
	case i.as == octal:
		return strconv.FormatInt(n, 8)
	case i.as == memoryOrPercent && n < 0:
		return strconv.FormatInt(-n, 10) + "%"
	}
	return strconv.FormatInt(n, 10)
}

func (i *Int) lines() []string {
	n := i.v.Load()
	if n >= 0 && (i.as == memory || i.as == memoryOrPercent) {
		return []string{FormatMemory(n)}
	}
	return []string{i.format(n)}
}

func (i *Int) kind() (string, string) {
	low, high := i.bound(i.min), i.bound(i.max)
	switch i.as {
	case octal:
		return "octal", low + " to " + high
	case memory:
		return "memory", low + " to " + high
	case memoryOrPercent:
		return "memory or percent", "0 to " + high + ", 0% to " + strconv.FormatInt(-i.min, 10) + "%"
	}
	return "integer", low + " to " + high
}

// bound prints the extremes of the C types that Redis's bounds come from by
// name, which says more than their digits.
func (i *Int) bound(n int64) string {
	switch {
	case n == math.MaxInt64:
		return "2^63-1"
	case n == math.MaxInt32 && i.as == decimal:
		return "2^31-1"
	case n == math.MinInt32 && i.as == decimal:
		return "-2^31"
	case n == math.MaxUint32 && i.as == decimal:
		return "2^32-1"
	case i.as == octal:
		return strconv.FormatInt(n, 8)
	case i.as != decimal:
		return FormatMemory(n)
	}
	return strconv.FormatInt(n, 10)
}
