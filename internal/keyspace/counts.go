package keyspace

import "reflect"

// Counts are the figures of a shard, and added up those of the keyspace. A figure is declared here alone; its tag says what
// is special about it: "highest" is the highest of all shards and not their sum, "kept" is what CONFIG RESETSTAT leaves.
type Counts struct {
	Hits, Misses               int64
	ExpiredActive, ExpiredLazy int64
	Evicted                    int64
	Dirty                      int64 `counts:"kept"` // changes since start
	EvictedAgeMs               int64 // sum of the idle time of evicted keys
	EvictedAgeMax              int64 `counts:"highest"`
	EvictedExpiredPresent      int64 // evictions while an expired key was in the same shard; always 0
	LazyFreed                  int64
	DefragMoved, DefragLeft    int64 // entries that a pass moved, and looked at and left where they were
	ExpireNs, DefragNs         int64 // time spent in slices of expiry and defragmentation
	Pending                    int64 // entries of flushed databases and large values still to be freed; a gauge, known when they are added up
}

// each calls fn for each figure with its tag. It is for reading figures, not for counting.
func (c *Counts) each(fn func(i int, tag string, figure reflect.Value)) {
	v := reflect.ValueOf(c).Elem()
	for i := range v.NumField() {
		fn(i, v.Type().Field(i).Tag.Get("counts"), v.Field(i))
	}
}

// add adds the figures of a shard.
func (c *Counts) add(of *Counts) {
	from := reflect.ValueOf(of).Elem()
	c.each(func(i int, tag string, figure reflect.Value) {
		if n := from.Field(i).Int(); tag == "highest" {
			figure.SetInt(max(figure.Int(), n))
		} else {
			figure.SetInt(figure.Int() + n)
		}
	})
}

// reset zeroes the figures that are not kept.
func (c *Counts) reset() {
	c.each(func(_ int, tag string, figure reflect.Value) {
		if tag != "kept" {
			figure.SetInt(0)
		}
	})
}

// Counts are the counters of all shards together. REQUIRES all shards to be locked.
func (t *Txn) Counts() Counts {
	var sum Counts
	for _, s := range t.ks.shards {
		sum.add(&s.counts)
		for _, tbl := range s.trash {
			sum.Pending += int64(tbl.Len())
		}
		sum.Pending += int64(len(s.garbage))
	}
	return sum
}

// ResetCounts zeroes the counters that CONFIG RESETSTAT resets. REQUIRES all shards to be locked.
func (t *Txn) ResetCounts() {
	for _, s := range t.ks.shards {
		s.counts.reset()
	}
	t.ks.ActiveLag.Reset()
	t.ks.LazyLag.Reset()
	t.ks.EvictionLag.Reset()
}
