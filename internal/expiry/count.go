package expiry

// countSample bounds how many entries are looked at in a slot that is due in part.
const countSample = 1024

// CountDue is the number of entries whose deadline is at or before nowMs. It adds up the counts of the slots that are due
// as a whole and looks into the one that holds nowMs, so it costs a few microseconds and at most two walks of countSample
// entries. It is exact but for two cases: of a longer list that is due in part the share is estimated; and when entries
// were removed while a slot was being refined, they may be counted until the slots that they were in are empty.
func (x *Index) CountDue(nowMs int64) int {
	now := x.moment(nowMs)
	total := 0
	for s := range x.slots {
		if x.start(s) > now {
			break
		}
		if x.last(s) <= now {
			total += int(x.counts[s])
			continue
		}
		due, seen, whole := x.dueIn(s, now)
		if !whole {
			due = int(int64(x.counts[s]) * int64(due) / int64(seen))
		}
		total += due
	}
	return max(0, min(total, x.n))
}

// AtLeastDue is CountDue where it is exact, and otherwise less than there are: what is left of Len after it counts every
// entry that is not due.
func (x *Index) AtLeastDue(nowMs int64) int {
	now := x.moment(nowMs)
	total, counted := 0, 0
	for s := range x.slots {
		counted += int(x.counts[s])
		if x.start(s) > now {
			continue
		}
		// A slot below the pending list may count entries that were removed from that list, or the other way round.
		if x.last(s) <= now && s.level() >= uint(x.pending) {
			total += int(x.counts[s])
			continue
		}
		due, _, _ := x.dueIn(s, now)
		total += due
	}
	return max(0, total-(counted-x.n)) // counted is more than n by as many as are counted after they were removed
}

// dueIn looks at the first entries of a slot: how many are due, how many were looked at, and whether these were all.
func (x *Index) dueIn(s slot, now uint64) (due, seen int, whole bool) {
	whole = x.ring(s, func(h uint32) bool {
		if x.at(x.node(h)) <= now {
			due++
		}
		seen++
		return seen < countSample
	})
	return due, seen, whole
}
