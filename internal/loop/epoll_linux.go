package loop

import (
	"fmt"
	"io"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	// lingerMs is how long a loop waits for more work before it lets the scheduler know that it is idle.
	lingerMs = 1
	// maxEvents is how many ready connections are taken from epoll at once.
	maxEvents = 256
)

// epoll is the transport of Linux: raw system calls, since the sockets never block, on an epoll instance for each loop.
type epoll struct {
	l      *Loop
	accept *acceptor // of listeners; nil but for loop 0
	ep     int
	wakeFD int
	idle   idler
	conns  []*conn // by descriptor
	events [maxEvents]unix.EpollEvent
	ready  [maxEvents]event
	iov    [maxPieces]unix.Iovec
}

func newEpoll(l *Loop) (*epoll, error) {
	ep, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("epoll_create1: %w", err)
	}
	wake, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		unix.Close(ep)
		return nil, fmt.Errorf("eventfd: %w", err)
	}
	e := &epoll{l: l, ep: ep, wakeFD: wake}
	if err = e.watch(wake, unix.EPOLLIN); err == nil {
		err = e.idle.open(e)
	}
	if err != nil {
		unix.Close(ep)
		unix.Close(wake)
		return nil, err
	}
	return e, nil
}

func (e *epoll) watch(fd int, events uint32) error {
	ev := unix.EpollEvent{Events: events, Fd: int32(fd)}
	if err := unix.EpollCtl(e.ep, unix.EPOLL_CTL_ADD, fd, &ev); err != nil {
		return fmt.Errorf("epoll_ctl add: %w", err)
	}
	return nil
}

// wait waits a little without telling the scheduler: under load the next request comes soon, and handing the processor to
// the scheduler and back costs more than the request. A signal (the collector stopping the world, preemption) ends that wait
// at once. Only a loop that is idle lets the scheduler know that it blocks.
func (e *epoll) wait(ms int) ([]event, error) {
	n, err := e.poll(min(ms, lingerMs))
	if n == 0 && err == nil && ms > lingerMs {
		n, err = e.idle.sleep(ms - lingerMs)
	}
	if err != nil {
		return nil, fmt.Errorf("epoll_wait: %w", err)
	}
	ready := e.ready[:0]
	for i := range n {
		ev := &e.events[i]
		fd := int(ev.Fd)
		switch {
		case fd == e.wakeFD:
			var b [8]byte
			rawRead(fd, b[:])
		case fd < len(e.conns) && e.conns[fd] != nil:
			const readable = unix.EPOLLIN | unix.EPOLLHUP | unix.EPOLLERR | unix.EPOLLRDHUP
			ready = append(ready, event{e.conns[fd], ev.Events&readable != 0, ev.Events&unix.EPOLLOUT != 0})
		case e.accept != nil:
			e.accept.take(e.l, fd)
		}
	}
	return ready, nil
}

// poll is epoll_wait without telling the scheduler; the timeout is in ms.
func (e *epoll) poll(timeout int) (int, error) {
	r, _, errno := unix.RawSyscall6(unix.SYS_EPOLL_PWAIT, uintptr(e.ep), uintptr(unsafe.Pointer(&e.events[0])), maxEvents, uintptr(timeout), 0, 0)
	if errno == unix.EINTR {
		return 0, nil
	}
	if errno != 0 {
		return 0, errno
	}
	return int(r), nil
}

func (e *epoll) wake() {
	one := [8]byte{1}
	rawWrite(e.wakeFD, one[:]) // full means that it is awake already
}

func (e *epoll) add(c *conn) error {
	for c.fd >= len(e.conns) {
		e.conns = append(e.conns, nil)
	}
	e.conns[c.fd] = c
	return e.watch(c.fd, unix.EPOLLIN|unix.EPOLLRDHUP)
}

// interest tells the kernel which events are wanted; that the connection broke is always told.
func (e *epoll) interest(c *conn) {
	ev := unix.EpollEvent{Fd: int32(c.fd)}
	if !c.eof {
		ev.Events |= unix.EPOLLIN | unix.EPOLLRDHUP
	}
	if c.wantWrite {
		ev.Events |= unix.EPOLLOUT
	}
	unix.EpollCtl(e.ep, unix.EPOLL_CTL_MOD, c.fd, &ev)
}

func (e *epoll) recv(c *conn, b []byte) (int, error) {
	n, err := rawRead(c.fd, b)
	switch {
	case n > 0:
		return n, nil
	case err == nil:
		return 0, io.EOF
	}
	return 0, again(err)
}

func (e *epoll) send(c *conn, pieces [][]byte) (int, error) {
	var n int
	var err error
	if len(pieces) == 1 {
		n, err = rawWrite(c.fd, pieces[0])
	} else {
		n, err = e.writev(c.fd, pieces)
	}
	if err != nil {
		return 0, again(err)
	}
	return n, nil
}

func (e *epoll) writev(fd int, pieces [][]byte) (int, error) {
	iov := e.iov[:len(pieces)]
	for i, p := range pieces {
		iov[i].Base = &p[0]
		iov[i].SetLen(len(p))
	}
	n, _, errno := unix.RawSyscall(unix.SYS_WRITEV, uintptr(fd), uintptr(unsafe.Pointer(&iov[0])), uintptr(len(iov)))
	clear(iov) // the memory is not ours to keep
	if errno != 0 {
		return 0, errno
	}
	return int(n), nil
}

// again is errAgain for the errors that mean it.
func again(err error) error {
	if err == unix.EAGAIN || err == unix.EINTR {
		return errAgain
	}
	return err
}

func (e *epoll) shut(c *conn) { unix.Shutdown(c.fd, unix.SHUT_WR) }

func (e *epoll) close(c *conn) {
	if c.fd < len(e.conns) && e.conns[c.fd] == c {
		e.conns[c.fd] = nil
	}
	unix.Close(c.fd)
}

func (e *epoll) end() {
	e.idle.close()
	unix.Close(e.wakeFD)
	unix.Close(e.ep)
}

// rawRead and rawWrite skip the scheduler's bookkeeping: the descriptors are non-blocking, so the calls return at once.
func rawRead(fd int, b []byte) (int, error)  { return raw(unix.SYS_READ, fd, b) }
func rawWrite(fd int, b []byte) (int, error) { return raw(unix.SYS_WRITE, fd, b) }

func raw(call uintptr, fd int, b []byte) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	n, _, errno := unix.RawSyscall(call, uintptr(fd), uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)))
	if errno != 0 {
		return 0, errno
	}
	return int(n), nil
}
