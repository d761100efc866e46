package keyspace

import (
	"reflect"
	"testing"
)

// Every figure of every shard is in the sum, but for the highest ones, and a reset leaves what is kept.
func TestCountsAreAddedUpAndReset(t *testing.T) {
	f := newFixture(t, 4)
	for n, s := range f.k.shards {
		s.counts.each(func(i int, _ string, figure reflect.Value) { figure.SetInt(int64(100*i + n + 1)) })
	}
	sum := f.counts()
	sum.each(func(i int, tag string, figure reflect.Value) {
		want := int64(4*100*i + 1 + 2 + 3 + 4)
		if tag == "highest" {
			want = int64(100*i + 4)
		}
		if figure.Int() != want {
			t.Errorf("figure %d is %d, want %d", i, figure.Int(), want)
		}
	})
	f.do(func(tx *Txn) { tx.ResetCounts() })
	if got, want := f.counts(), (Counts{Dirty: sum.Dirty}); got != want {
		t.Errorf("after a reset %+v, want %+v", got, want)
	}
}
