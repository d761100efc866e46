package loop

import "time"

// defragSlices is how many slices of time a loop may spend on defragmentation per tick: a tenth of its time at most.
const defragSlices = int(tick / 10 / sliceBudget)

// idleCheck is how often clients are looked at for how long they have been idle, which is told in seconds.
const idleCheck = int64(time.Second)

// chores does a slice of the loop's own work after clients were served; true: there is more of it.
func (l *Loop) chores() bool {
	l.overLimit = l.overLimit && l.lowerMemory()
	more := l.expire() || l.restate() || l.drainTrash() || l.overLimit || l.node.ForgetMore() || l.defragment()
	l.worker.Timeouts(l.now.Mono, timedOut)
	if l.now.Mono >= l.nextTick {
		l.tick()
	}
	return more || len(l.again) > 0
}

// expire removes due keys of the loop's shards for one slice of time; true: more are due.
func (l *Loop) expire() bool {
	for range l.shards {
		shard := l.shards[l.due]
		if l.worker.Txn().ExpireSlice(shard, l.now, sliceBudget, l.node.Clock) {
			return true // stay on the shard until it is done; clients are served in between
		}
		l.due = (l.due + 1) % len(l.shards)
	}
	return false
}

// restate states deadlines again after a step of the wall clock, for one slice of time; true: more are to be stated.
func (l *Loop) restate() bool {
	for _, shard := range l.shards {
		if l.worker.Txn().RestateSlice(shard, l.now, sliceBudget, l.node.Clock) {
			return true
		}
	}
	return false
}

// drainTrash frees entries of flushed databases for one slice of time; true: more are to be freed.
func (l *Loop) drainTrash() bool {
	for _, shard := range l.shards {
		if l.worker.Txn().DrainSlice(shard, sliceBudget, l.node.Clock) {
			return true
		}
	}
	return false
}

// lowerMemory evicts for one slice of time when memory is over its limit without a write to make room; true: it still is.
func (l *Loop) lowerMemory() bool {
	return l.worker.Txn().MakeRoom(l.now, 0, l.node.Clock) && l.node.Keyspace.Over(0) > 0
}

// defragment moves entries of one shard for one slice of time; true: there is more to do in this tick.
func (l *Loop) defragment() bool {
	if l.defragLeft == 0 || len(l.shards) == 0 { // there may be more loops than shards
		return false
	}
	l.defragLeft--
	if l.worker.Txn().DefragSlice(l.shards[l.defragAt], sliceBudget, l.node.Clock) {
		l.defragIdle = 0
		l.showDefrag(true)
	} else {
		l.defragAt = (l.defragAt + 1) % len(l.shards)
		if l.defragIdle++; l.defragIdle == len(l.shards) {
			l.defragLeft = 0 // nothing to do in any of them
			l.showDefrag(false)
		}
	}
	return l.defragLeft > 0
}

// showDefrag notes whether the loop is moving entries, for INFO.
func (l *Loop) showDefrag(on bool) {
	if on == l.defragging {
		return
	}
	l.defragging = on
	if on {
		l.did.DefragPasses++
	} else {
		l.did.DefragPasses--
	}
}

// tick does the periodic work.
func (l *Loop) tick() {
	start := l.node.Clock.Mono()
	l.nextTick = l.now.Mono + int64(l.pace())
	for c := range l.unread {
		l.checkOutput(c)
	}
	if l.now.Mono >= l.nextIdle {
		l.nextIdle = l.now.Mono + idleCheck
		l.dropIdle()
	}
	if l.node.Keys.ActiveDefrag.Get() {
		l.defragLeft, l.defragIdle = defragSlices, 0
	}
	if l.resting {
		l.resting = false
		l.group.network.retry()
	}
	if l.index == 0 {
		l.overLimit = l.node.Tick(l.now)
	}
	l.group.o.Tick()
	end := l.node.Clock.Mono()
	l.did.TickNs += end - start
	l.node.Traffic.Note(l.index, end, &l.did)
}

// pace is how long to the next tick. A server to which nothing happens lets its machine sleep.
func (l *Loop) pace() time.Duration {
	traffic := l.node.Traffic.NetIn.Load()
	if l.active || traffic != l.traffic || len(l.unread) > 0 || l.resting {
		l.quiet = 0
	}
	l.quiet++
	l.active, l.traffic = false, traffic
	if l.quiet > idleTicks {
		return idleTick
	}
	return tick
}

// dropIdle closes clients that have not been heard of for longer than they may. One that waits, or only listens, is not idle.
func (l *Loop) dropIdle() {
	timeout := l.group.o.Timeout()
	if timeout == 0 {
		return
	}
	for c := range l.conns {
		s := c.sess
		if s.Park != nil || s.Monitoring || s.Subs.Any() {
			continue
		}
		if l.now.Mono-s.Public.LastActive.Load() > timeout*1e9 {
			l.group.o.Log.Debug("Closing idle client", "client", s.Addr)
			l.drop(c)
		}
	}
}
