package server

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/curfewkv/curfew/internal/clock"
	"github.com/curfewkv/curfew/internal/dispatch"
	"github.com/curfewkv/curfew/internal/session"
)

const (
	readSize = 64 << 10
	// keepOut is how much of the reply buffer a loop keeps between batches.
	keepOut = 1 << 20
	// sliceBudget bounds the time that a loop holds a shard's lock to expire keys, and so what a bystander waits.
	sliceBudget = 250 * time.Microsecond
	// tick is the longest sleep: periodic work is done at least so often.
	tick = 100 * time.Millisecond
	// stopTick is the longest sleep of a stopping loop.
	stopTick = 5 * time.Millisecond
	// lingerMs is how long a loop waits for more work before it lets the scheduler know that it is idle.
	lingerMs = 1
	// maxEvents is how many ready connections are taken from epoll at once.
	maxEvents = 256
)

// loop is one event loop.
type loop struct {
	// immutable
	srv    *Server
	index  int
	ep     int
	wakeFD int
	worker *dispatch.Worker
	shards []int

	// owned by the loop's goroutine
	conns    map[int]*conn
	resting  []int // listeners that are left alone until the next tick, for want of descriptors
	toldFull int64 // monotonic ns when that was logged last
	rbuf     []byte
	obuf     []byte
	events   [maxEvents]unix.EpollEvent
	now      clock.Instant
	nextTick int64 // monotonic ns
	due      int   // the position in shards to expire from next
	// the position in shards to defragment next, the slices left in this tick, and how many shards in a row had no need
	defragAt, defragLeft, defragIdle int
	overLimit                        bool // memory is over its limit and something may be evicted
	stopping                         bool
	stopBy                           int64 // monotonic ns by which replies must be out

	sleeping atomic.Bool
	inbox    struct {
		sync.Mutex
		conns  []*conn
		funcs  []func()
		closed bool // the loop has ended and takes no more
	}
	spare []*conn // the inbox's other list, so that draining it does not allocate
}

func newLoop(s *Server, index int, shards []int) (*loop, error) {
	ep, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("epoll_create1: %w", err)
	}
	wake, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		unix.Close(ep)
		return nil, fmt.Errorf("eventfd: %w", err)
	}
	l := &loop{
		srv: s, index: index, ep: ep, wakeFD: wake, worker: s.node.Dispatch.Worker(index), shards: shards,
		conns: map[int]*conn{}, rbuf: make([]byte, readSize),
	}
	if err := l.watch(wake, unix.EPOLLIN); err != nil {
		unix.Close(ep)
		unix.Close(wake)
		return nil, err
	}
	return l, nil
}

func (l *loop) watch(fd int, events uint32) error {
	ev := unix.EpollEvent{Events: events, Fd: int32(fd)}
	if err := unix.EpollCtl(l.ep, unix.EPOLL_CTL_ADD, fd, &ev); err != nil {
		return fmt.Errorf("epoll_ctl add: %w", err)
	}
	return nil
}

// post makes the loop look at a connection soon. Safe for concurrent use, under any lock.
func (l *loop) post(c *conn) {
	l.inbox.Lock()
	l.inbox.conns = append(l.inbox.conns, c)
	l.inbox.Unlock()
	l.wake()
}

// do runs fn on the loop's goroutine soon; false: the loop has ended. Safe for concurrent use.
func (l *loop) do(fn func()) bool {
	l.inbox.Lock()
	open := !l.inbox.closed
	if open {
		l.inbox.funcs = append(l.inbox.funcs, fn)
	}
	l.inbox.Unlock()
	if open {
		l.wake()
	}
	return open
}

// wake ends the loop's sleep. A loop that is awake looks at its inbox and its deadlines before it sleeps again.
func (l *loop) wake() {
	if l.sleeping.CompareAndSwap(true, false) {
		one := [8]byte{1}
		unix.Write(l.wakeFD, one[:]) // full means that it is awake already
	}
}

// run serves until the server stops.
func (l *loop) run() {
	defer l.close()
	for more := false; ; {
		n, err := l.wait(more)
		if err != nil {
			l.srv.fatal(fmt.Errorf("loop %d: epoll_wait: %w", l.index, err))
			return
		}
		l.now = l.srv.clock.Now()
		l.srv.node.ObserveClock(l.now)
		for i := range n {
			l.event(&l.events[i])
		}
		l.drainInbox()
		l.srv.node.Tracking.Flush()
		l.overLimit = l.overLimit && l.lowerMemory()
		more = l.expire() || l.restate() || l.drainTrash() || l.overLimit || l.srv.node.ForgetMore() || l.defragment()
		l.periodic()
		if l.stopping && l.drained() {
			return
		}
	}
}

// wait takes ready connections from the kernel; with more work at hand it only looks. Otherwise it waits a little without
// telling the scheduler: under load the next request comes soon, and handing the processor to the scheduler and back costs
// more than the request. A signal (the collector stopping the world, preemption) ends that wait at once. Only a loop that
// is idle blocks in the scheduler's sight.
func (l *loop) wait(more bool) (int, error) {
	if more {
		return l.poll(0)
	}
	l.sleeping.Store(true)
	defer l.sleeping.Store(false)
	timeout := l.sleepMs()
	if l.hasInbox() {
		timeout = 0
	}
	if n, err := l.poll(min(timeout, lingerMs)); n > 0 || err != nil || timeout <= lingerMs {
		return n, err
	}
	n, err := unix.EpollWait(l.ep, l.events[:], timeout-lingerMs)
	if errors.Is(err, unix.EINTR) {
		return 0, nil
	}
	return n, err
}

// poll is epoll_wait without telling the scheduler; the timeout is in ms.
func (l *loop) poll(timeout int) (int, error) {
	r, _, errno := unix.RawSyscall6(unix.SYS_EPOLL_PWAIT, uintptr(l.ep), uintptr(unsafe.Pointer(&l.events[0])), maxEvents, uintptr(timeout), 0, 0)
	if errno == unix.EINTR {
		return 0, nil
	}
	if errno != 0 {
		return 0, errno
	}
	return int(r), nil
}

// sleepMs is how long the loop may sleep: to the next deadline of its shards, the end of a wait, or the tick.
func (l *loop) sleepMs() int {
	now := l.srv.clock.Now()
	until := min(l.nextTick, now.Mono+int64(tick))
	if set := &l.srv.keyspace.Settings; set.ActiveExpiry.Load() && !set.HoldExpiry.Load() {
		for _, s := range l.shards {
			if ms, ok := l.srv.keyspace.NextDueMs(s, now); ok {
				until = min(until, (now.Mono/1e6+ms)*1e6)
			}
		}
	}
	if at := l.worker.NextTimeout(); at > 0 {
		until = min(until, at)
	}
	if l.stopping {
		until = min(until, now.Mono+int64(stopTick))
	}
	return int(max(0, (until-now.Mono+999_999)/1_000_000))
}

func (l *loop) hasInbox() bool {
	l.inbox.Lock()
	defer l.inbox.Unlock()
	return len(l.inbox.conns)+len(l.inbox.funcs) > 0
}

func (l *loop) event(ev *unix.EpollEvent) {
	fd := int(ev.Fd)
	if fd == l.wakeFD {
		var b [8]byte
		unix.Read(fd, b[:])
		return
	}
	c := l.conns[fd]
	if c == nil {
		l.srv.acceptOn(l, fd)
		return
	}
	if ev.Events&(unix.EPOLLOUT) != 0 {
		l.flush(c)
	}
	if !c.closed && ev.Events&(unix.EPOLLIN|unix.EPOLLHUP|unix.EPOLLERR|unix.EPOLLRDHUP) != 0 {
		l.readable(c)
	}
}

// drainInbox looks at posted connections and runs posted functions.
func (l *loop) drainInbox() {
	l.inbox.Lock()
	conns, funcs := l.inbox.conns, l.inbox.funcs
	l.inbox.conns, l.inbox.funcs = l.spare[:0], nil
	l.inbox.Unlock()
	for i, c := range conns {
		conns[i] = nil
		c.posted.Store(false)
		if !c.closed {
			l.attend(c)
		}
	}
	l.spare = conns[:0]
	for _, fn := range funcs {
		fn()
	}
}

// expire removes due keys of the loop's shards for one slice of time; true: more are due.
func (l *loop) expire() bool {
	for range l.shards {
		shard := l.shards[l.due]
		if l.worker.Txn().ExpireSlice(shard, l.now, sliceBudget, l.srv.clock) {
			return true // stay on the shard until it is done; clients are served in between
		}
		l.due = (l.due + 1) % len(l.shards)
	}
	return false
}

// restate states deadlines again after a step of the wall clock, for one slice of time; true: more are to be stated.
func (l *loop) restate() bool {
	for _, shard := range l.shards {
		if l.worker.Txn().RestateSlice(shard, l.now, sliceBudget, l.srv.clock) {
			return true
		}
	}
	return false
}

// drainTrash frees entries of flushed databases for one slice of time; true: more are to be freed.
func (l *loop) drainTrash() bool {
	for _, shard := range l.shards {
		if l.worker.Txn().DrainSlice(shard, sliceBudget, l.srv.clock) {
			return true
		}
	}
	return false
}

// lowerMemory evicts for one slice of time when memory is over its limit without a write to make room; true: it still is.
func (l *loop) lowerMemory() bool {
	return l.worker.Txn().MakeRoom(l.now, 0, l.srv.clock) && l.srv.keyspace.Over(0) > 0
}

// defragment moves entries of one shard for one slice of time; true: there is more to do in this tick.
func (l *loop) defragment() bool {
	if l.defragLeft == 0 || len(l.shards) == 0 { // there may be more loops than shards
		return false
	}
	l.defragLeft--
	if l.worker.Txn().DefragSlice(l.shards[l.defragAt], sliceBudget, l.srv.clock) {
		l.defragIdle = 0
	} else {
		l.defragAt = (l.defragAt + 1) % len(l.shards)
		if l.defragIdle++; l.defragIdle == len(l.shards) {
			l.defragLeft = 0 // nothing to do in any of them
		}
	}
	return l.defragLeft > 0
}

// timedOut goes on with a session whose wait has run out.
func timedOut(s *session.Session) {
	c := s.Transport().(*conn)
	c.loop.attend(c)
}

// periodic does the work of a tick.
func (l *loop) periodic() {
	l.worker.Timeouts(l.now.Mono, timedOut)
	if l.now.Mono < l.nextTick {
		return
	}
	l.nextTick = l.now.Mono + int64(tick)
	for _, c := range l.conns {
		l.inspect(c)
	}
	l.srv.tick(l)
}

// close gives the loop's descriptors back. Connections that were just handed to the loop are closed with the others.
func (l *loop) close() {
	l.inbox.Lock()
	funcs := l.inbox.funcs
	l.inbox.funcs, l.inbox.closed = nil, true
	l.inbox.Unlock()
	for _, fn := range funcs {
		fn()
	}
	for _, c := range l.conns {
		l.drop(c)
	}
	unix.Close(l.wakeFD)
	unix.Close(l.ep)
}
