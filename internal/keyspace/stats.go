package keyspace

// DBStats are the figures of one database.
type DBStats struct {
	Keys, Volatile int
}

// DBStats counts the keys of each database, due ones left out of both figures. REQUIRES all shards to be locked.
func (t *Txn) DBStats() []DBStats {
	now := t.Now
	out := make([]DBStats, t.ks.dbs)
	for _, s := range t.ks.shards {
		for i, d := range s.dbs {
			if d == nil {
				continue
			}
			due := 0
			if s.mayBeDue(now) {
				due = d.due(now)
			}
			out[i].Keys += d.table.Len() - due
			out[i].Volatile += d.table.Volatile() - due
		}
	}
	return out
}

// Counts are the counters of all shards together. REQUIRES all shards to be locked.
func (t *Txn) Counts() Counts {
	var sum Counts
	for _, s := range t.ks.shards {
		c := s.counts
		sum.Hits += c.Hits
		sum.Misses += c.Misses
		sum.ExpiredActive += c.ExpiredActive
		sum.ExpiredLazy += c.ExpiredLazy
		sum.Evicted += c.Evicted
		sum.Dirty += c.Dirty
		sum.EvictedAgeMs += c.EvictedAgeMs
		sum.EvictedAgeMax = max(sum.EvictedAgeMax, c.EvictedAgeMax)
		sum.EvictedExpiredPresent += c.EvictedExpiredPresent
		sum.LazyFreed += c.LazyFreed
		sum.DefragMoved += c.DefragMoved
	}
	return sum
}

// ResetCounts zeroes the counters that CONFIG RESETSTAT resets. REQUIRES all shards to be locked.
func (t *Txn) ResetCounts() {
	for _, s := range t.ks.shards {
		s.counts = Counts{Dirty: s.counts.Dirty}
	}
	t.ks.ActiveLag.Reset()
	t.ks.LazyLag.Reset()
}

// PendingFree is the number of entries whose memory is still to be given back after a flush.
// REQUIRES all shards to be locked.
func (t *Txn) PendingFree() int {
	n := 0
	for _, s := range t.ks.shards {
		for _, tbl := range s.trash {
			n += tbl.Len()
		}
	}
	return n
}

// DueBacklog is the number of keys that are due and still in memory. REQUIRES all shards to be locked.
func (t *Txn) DueBacklog() int {
	n := 0
	for _, s := range t.ks.shards {
		if !s.mayBeDue(t.Now) {
			continue
		}
		for _, d := range s.dbs {
			if d != nil {
				n += d.due(t.Now)
			}
		}
	}
	return n
}
