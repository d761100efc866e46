package loop

import (
	"net"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// acceptBatch is how many waiting connections are taken before those that are there are served again.
const acceptBatch = 64

// acceptor is the network of epoll: loop 0 watches the listeners' descriptors and accepts.
type acceptor struct {
	g  *Group
	e  *epoll // of loop 0; set before anything is listened on
	mu sync.Mutex
	// byFD are the listeners by descriptor. The lock keeps one from being closed, and its descriptor used for something
	// else, while it is accepted on. Guarded by mu.
	byFD    map[int]net.Listener
	resting []int // descriptors that are left alone until retry; owned by loop 0
}

func init() {
	networks["epoll"] = func(g *Group) network { return &acceptor{g: g, byFD: map[int]net.Listener{}} }
}

func (a *acceptor) open(l *Loop) (transport, error) {
	e, err := newEpoll(l)
	if err != nil {
		return nil, err
	}
	if l.index == 0 {
		a.e, e.accept = e, a
	}
	return e, nil
}

func (a *acceptor) listen(ln net.Listener) error {
	fd, err := descriptor(ln)
	if err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := a.e.watch(fd, unix.EPOLLIN); err != nil {
		return err
	}
	a.byFD[fd] = ln
	return nil
}

func (a *acceptor) unlisten(ln net.Listener) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for fd, known := range a.byFD {
		if known == ln {
			delete(a.byFD, fd)
			ln.Close()
		}
	}
}

// descriptor is a listener's; the Go runtime's own poller never accepts on it.
func descriptor(ln net.Listener) (fd int, err error) {
	raw, err := ln.(syscall.Conn).SyscallConn()
	if err != nil {
		return 0, err
	}
	return fd, raw.Control(func(of uintptr) { fd = int(of) })
}

// take takes waiting connections from a listening descriptor.
func (a *acceptor) take(l *Loop, fd int) {
	for range acceptBatch {
		nfd, from, isUnix, err := a.accept(fd)
		switch err {
		case nil:
			a.admit(nfd, from, isUnix)
		case unix.EMFILE, unix.ENFILE, unix.ENOBUFS, unix.ENOMEM:
			// The connection stays in the queue and would be told of again at once: look again at the next tick.
			l.noDescriptors(err)
			a.rest(fd, 0)
			a.resting = append(a.resting, fd)
			return
		case unix.ECONNABORTED, unix.EINTR: // that one is gone, the next may be there
		default:
			return
		}
	}
}

func (a *acceptor) accept(fd int) (nfd int, from unix.Sockaddr, isUnix bool, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	ln := a.byFD[fd]
	if ln == nil {
		return 0, nil, false, unix.EBADF
	}
	_, isUnix = ln.(*net.UnixListener)
	nfd, from, err = unix.Accept4(fd, unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC)
	return nfd, from, isUnix, err
}

// rest sets what of a listener is looked at.
func (a *acceptor) rest(fd int, events uint32) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.byFD[fd] != nil {
		unix.EpollCtl(a.e.ep, unix.EPOLL_CTL_MOD, fd, &unix.EpollEvent{Events: events, Fd: int32(fd)})
	}
}

func (a *acceptor) retry() {
	for _, fd := range a.resting {
		a.rest(fd, unix.EPOLLIN)
	}
	a.resting = a.resting[:0]
}

func (a *acceptor) admit(fd int, from unix.Sockaddr, isUnix bool) {
	if !isUnix {
		unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)
		keepalive(fd, int(a.g.o.Keepalive()))
	}
	path := a.g.o.UnixPath()
	arrived := arrival{fd: fd, unix: isUnix, close: func() { unix.Close(fd) }}
	arrived.refuse = func(text string) {
		rawWrite(fd, []byte(text))
		unix.Close(fd)
	}
	arrived.addr, arrived.local = nameOf(addrOf(from), path)
	arrived.localAddr = "?:0"
	if to, err := unix.Getsockname(fd); err == nil {
		arrived.localAddr, _ = nameOf(addrOf(to), path)
	}
	a.g.admit(&arrived)
}

// addrOf is a TCP address, nil where it is none.
func addrOf(sa unix.Sockaddr) net.Addr {
	switch a := sa.(type) {
	case *unix.SockaddrInet4:
		return &net.TCPAddr{IP: a.Addr[:], Port: a.Port}
	case *unix.SockaddrInet6:
		return &net.TCPAddr{IP: a.Addr[:], Port: a.Port}
	}
	return nil
}

func keepalive(fd, every int) {
	if every == 0 {
		return
	}
	unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_KEEPALIVE, 1)
	unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_KEEPIDLE, every)
	unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_KEEPINTVL, max(1, every/3))
	unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_KEEPCNT, 3)
}

// quietNs is 0: what has come is known.
func (a *acceptor) quietNs() int64 { return 0 }

func (a *acceptor) close() {}
