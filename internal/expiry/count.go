package expiry

// countSample bounds how many entries CountDue looks at in a slot that is due in part.
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
		} else {
			total += x.countPart(s, now)
		}
	}
	return max(0, min(total, x.n))
}

func (x *Index) countPart(s slot, now uint64) int {
	seen, due := 0, 0
	whole := x.ring(s, func(h uint32) bool {
		if x.at(x.node(h)) <= now {
			due++
		}
		seen++
		return seen < countSample
	})
	if whole {
		return due
	}
	return int(int64(x.counts[s]) * int64(due) / int64(seen))
}
