package config

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
)

// List is a key of several words, such as bind.
type List struct {
	v     atomic.Pointer[[]string]
	check func([]string) ([]string, error) // may rewrite the words
	typ   string
	none  string // how a file says: no words; "" stands for two quotes
}

// List declares a key of any number of words. check, unless nil, refuses words
// or brings them into the form that CONFIG GET shows.
func (r *Registry) List(name string, def []string, check func([]string) ([]string, error), opts ...Option) *List {
	l := &List{check: check, typ: "list"}
	l.v.Store(&def)
	r.declare(name, l, append(opts, MultiArg()))
	return l
}

// Get returns the words: one atomic load. They must not be changed.
func (l *List) Get() []string { return *l.v.Load() }

// Override sets the words on behalf of the key's owner, past all checks.
func (l *List) Override(v []string) { l.v.Store(&v) }

func (l *List) load() any { return l.Get() }

func (l *List) store(v any) error {
	l.Override(v.([]string))
	return nil
}

func (l *List) parse(args []string) (any, error) {
	args = slices.Clone(args)
	if l.check == nil {
		return args, nil
	}
	return l.check(args)
}

func (l *List) format(v any) string { return strings.Join(v.([]string), " ") }

func (l *List) lines() []string {
	if words := l.Get(); len(words) > 0 {
		return []string{joinQuoted(words)}
	}
	if l.none != "" {
		return []string{l.none}
	}
	return []string{`""`}
}

func (l *List) kind() (string, string) { return l.typ, "" }

// maxBind is Redis's bound on listening addresses.
const maxBind = 16

// Bind declares the key bind: addresses to listen on, "-" in front of one that
// may be missing.
func (r *Registry) Bind(opts ...Option) *List {
	return r.List("bind", []string{"*", "-::*"}, func(a []string) ([]string, error) {
		if len(a) > maxBind {
			return nil, errors.New("Too many bind addresses specified.")
		}
		return a, nil
	}, opts...)
}

// ReplicaOf declares the key replicaof: nothing, or a host and a port.
func (r *Registry) ReplicaOf(opts ...Option) *List {
	l := r.List("replicaof", nil, func(a []string) ([]string, error) {
		if len(a) == 0 {
			return nil, nil
		}
		if len(a) != 2 {
			return nil, errArgCount
		}
		if strings.EqualFold(a[0], "no") && strings.EqualFold(a[1], "one") {
			return nil, nil
		}
		port, err := strconv.Atoi(a[1])
		if err != nil || port < 0 || port > 65535 {
			return nil, errors.New("Invalid master port")
		}
		return []string{a[0], strconv.Itoa(port)}, nil
	}, append(opts, Alias("slaveof"), Immutable())...)
	l.none = "no one"
	return l
}

// OOMScoreAdjValues declares the key of that name: what the kernel's score is
// changed by for a primary, a replica and a background child.
func (r *Registry) OOMScoreAdjValues(opts ...Option) *List {
	return r.List("oom-score-adj-values", []string{"0", "200", "800"}, func(a []string) ([]string, error) {
		if len(a) != 3 {
			return nil, errArgCount
		}
		for i, s := range a {
			n, err := strconv.Atoi(s)
			if err != nil || n < -2000 || n > 2000 {
				return nil, errors.New("Invalid oom-score-adj-values, elements must be between -2000 and 2000.")
			}
			a[i] = strconv.Itoa(n)
		}
		return a, nil
	}, opts...)
}

// Percentiles is a key of numbers from 0 to 100.
type Percentiles struct {
	List
	nums atomic.Pointer[[]float64]
}

// LatencyTrackingInfoPercentiles declares the key of that name: the percentiles
// of INFO latencystats.
func (r *Registry) LatencyTrackingInfoPercentiles(opts ...Option) *Percentiles {
	p := &Percentiles{List: List{typ: "percentiles", check: checkPercentiles}}
	_ = p.store([]string{"50", "99", "99.9"}) // cannot fail
	r.declare("latency-tracking-info-percentiles", p, append(opts, MultiArg()))
	return p
}

// Get returns the percentiles: one atomic load. They must not be changed.
func (p *Percentiles) Get() []float64 { return *p.nums.Load() }

func (p *Percentiles) store(v any) error {
	words := v.([]string)
	nums := make([]float64, len(words))
	for i, w := range words {
		nums[i], _ = strconv.ParseFloat(w, 64) // checkPercentiles printed it
	}
	p.nums.Store(&nums)
	return p.List.store(v)
}

func checkPercentiles(a []string) ([]string, error) {
	for i, s := range a {
		n, err := strconv.ParseFloat(s, 64)
		if err != nil || math.IsNaN(n) {
			return nil, errors.New("Invalid latency-tracking-info-percentiles parameters")
		}
		if n < 0 || n > 100 {
			return nil, errors.New("latency-tracking-info-percentiles parameters should sit between [0.0,100.0]")
		}
		a[i] = strings.TrimRight(strings.TrimRight(fmt.Sprintf("%f", n), "0"), ".")
	}
	return a, nil
}
