package audit

import (
	"github.com/curfewkv/curfew/internal/toolkit/prefix"
	"github.com/curfewkv/curfew/resp/glob"
)

// counter puts keys into rows: a prefix.Finder, or a prefix.Given when the user named the prefixes.
type counter[T any] interface {
	At(key string, weight float64) *T
	Rows() []prefix.Row[T]
	Save() prefix.Saved[T]
	Load(prefix.Saved[T]) error
}

func newCounter[T any](o Options, sampled bool, merge func(into, from *T)) (counter[T], error) {
	if len(o.Prefixes) > 0 {
		return prefix.NewGiven[T](o.Prefixes)
	}
	return prefix.NewFinder[T](prefix.Options{Rows: o.Rows, Separators: o.Separators, Sampled: sampled}, merge), nil
}

// tree counts every key as it comes: rows, and what conditions ask for.
type tree struct {
	counter counter[group]
	asked   []string
	groups  []group // of asked
	looked  int64
}

func newTree(o Options) (*tree, error) {
	c, err := newCounter(o, false, mergeGroups)
	if err != nil {
		return nil, err
	}
	return &tree{counter: c, asked: o.Asked, groups: make([]group, len(o.Asked))}, nil
}

func (t *tree) add(r *Record) {
	t.looked++
	t.counter.At(r.Key, weightOf(r)).add(r, 1)
	for i, pattern := range t.asked {
		if glob.Match([]byte(pattern), []byte(r.Key), false) {
			t.groups[i].add(r, 1)
		}
	}
}

// report puts what was counted into a report.
func (t *tree) report(report *Report) {
	report.Looked = t.looked
	total := group{}
	for _, row := range t.counter.Rows() {
		mergeGroups(&total, &row.Value)
		r := row.Value.row(row.Pattern)
		r.Looked = row.Keys
		report.Prefixes = append(report.Prefixes, r)
	}
	for i := range t.groups {
		r := t.groups[i].row(t.asked[i])
		r.Looked = int64(t.groups[i].Keys)
		report.Asked = append(report.Asked, r)
	}
	report.Total = total.row("")
	report.Total.Looked = t.looked
	report.Biggest = append(report.Biggest, total.Biggest...)
}
