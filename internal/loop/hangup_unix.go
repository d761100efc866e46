//go:build unix

package loop

import (
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// hungUp waits until the peer of a connection, which has ended its direction, has ended ours as well, or the connection broke.
// false: it was closed here, or is none of the system's. Package net tells only the first of the two.
func hungUp(nc net.Conn) bool {
	c, ok := nc.(syscall.Conn)
	if !ok {
		return false
	}
	raw, err := c.SyscallConn()
	if err != nil {
		return false
	}
	gone := false
	raw.Read(func(fd uintptr) bool { // again whenever something happens to the connection
		look := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLOUT}} // not POLLIN: what has ended stays readable
		_, err := unix.Poll(look, 0)
		gone = err == nil && look[0].Revents&(unix.POLLHUP|unix.POLLERR) != 0
		return gone
	})
	return gone
}
