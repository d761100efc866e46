package bench

import (
	"errors"
	"fmt"
	"net"
	"time"

	"golang.org/x/sys/unix"
)

// replyTimeout is how long a server may keep any single request waiting before a measurement is given up.
const replyTimeout = 60 * time.Second

// openSocket connects to addr with a plain blocking socket. The drivers use system calls of their own: Go's network
// poller would add its scheduling to what they measure.
func openSocket(addr string) (fd int, err error) {
	a, err := net.ResolveTCPAddr("tcp", addr)
	if err != nil {
		return -1, err
	}
	family, to := unix.AF_INET, unix.Sockaddr(nil)
	if ip4 := a.IP.To4(); ip4 != nil {
		to = &unix.SockaddrInet4{Port: a.Port, Addr: [4]byte(ip4)}
	} else {
		family, to = unix.AF_INET6, &unix.SockaddrInet6{Port: a.Port, Addr: [16]byte(a.IP.To16())}
	}
	if fd, err = unix.Socket(family, unix.SOCK_STREAM, 0); err != nil {
		return -1, fmt.Errorf("socket: %w", err)
	}
	unix.CloseOnExec(fd)
	limit := unix.NsecToTimeval(int64(replyTimeout))
	err = errors.Join(
		unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &limit),
		unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1),
		unix.Connect(fd, to))
	if err != nil {
		return -1, errors.Join(fmt.Errorf("connect to %s: %w", addr, err), unix.Close(fd))
	}
	return fd, nil
}

// again repeats f for as long as a signal interrupts it: the Go runtime sends itself some.
func again(f func() (int, error)) (int, error) {
	for {
		n, err := f()
		if !errors.Is(err, unix.EINTR) {
			return n, err
		}
	}
}
