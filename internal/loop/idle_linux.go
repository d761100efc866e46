package loop

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// idler lets an idle loop sleep as a goroutine, through the runtime's own poller. A thread that sleeps in a system call
// keeps the runtime busy looking after it: some 50 wake-ups of a thread of the runtime for every sleep.
//
// The runtime watches a second epoll instance, gate, which watches that of the loop, but only while the loop sleeps:
// otherwise each request that an awake loop takes would also wake the runtime.
type idler struct {
	e    *epoll
	gate *os.File
	fd   int
	conn syscall.RawConn
	look func(uintptr) bool
	n    int // what look found
	err  error
}

func (i *idler) open(e *epoll) error {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return fmt.Errorf("epoll_create1: %w", err)
	}
	if err = unix.SetNonblock(fd, true); err == nil {
		err = unix.EpollCtl(fd, unix.EPOLL_CTL_ADD, e.ep, &unix.EpollEvent{Fd: int32(e.ep)})
	}
	if err != nil {
		unix.Close(fd)
		return fmt.Errorf("epoll_ctl add: %w", err)
	}
	i.e, i.fd, i.gate = e, fd, os.NewFile(uintptr(fd), "epoll")
	if i.conn, err = i.gate.SyscallConn(); err == nil {
		err = i.gate.SetReadDeadline(time.Time{}) // refused where the runtime cannot poll the file
	}
	if err != nil {
		i.gate.Close()
		return fmt.Errorf("epoll: %w", err)
	}
	i.look = func(uintptr) bool {
		i.n, i.err = i.e.poll(0)
		return i.n > 0 || i.err != nil
	}
	return nil
}

// sleep waits for events for so many ms.
func (i *idler) sleep(ms int) (int, error) {
	i.watch(unix.EPOLLIN)
	i.gate.SetReadDeadline(time.Now().Add(time.Duration(ms) * time.Millisecond))
	i.n, i.err = 0, nil
	err := i.conn.Read(i.look)
	i.watch(0)
	// The thread that woke this loop was the one that waits for the network; it runs the loop now, and does not come back to
	// the scheduler while there is work. A new goroutine makes the scheduler wake another thread, which waits for the network
	// when it has run it. Without it the other loops would hear of their clients from a monitor that looks every 10 to 20 ms.
	go func() {}()
	if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
		return 0, err
	}
	return i.n, i.err
}

// watch sets what of the loop's epoll instance the gate looks at.
func (i *idler) watch(events uint32) {
	unix.EpollCtl(i.fd, unix.EPOLL_CTL_MOD, i.e.ep, &unix.EpollEvent{Events: events, Fd: int32(i.e.ep)})
}

func (i *idler) close() { i.gate.Close() }
