package server

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/curfewkv/curfew/internal/session"
)

// acceptBatch is how many waiting connections are taken before those that are there are served again.
const acceptBatch = 64

// connOverhead is what a connection at rest takes outside of its buffers, reported as memory in use: the structures of
// the connection and its session.
const connOverhead = 2 << 10

// listener is a listening socket, watched by loop 0.
type listener struct {
	l     net.Listener
	fd    int
	unix  bool
	where string // the TCP address as configured
}

// optional reports whether an address that may be missing is missing, rather than taken.
func optional(err error) bool {
	return errors.Is(err, unix.EADDRNOTAVAIL) || errors.Is(err, unix.EAFNOSUPPORT) || errors.Is(err, unix.EPROTONOSUPPORT) || errors.Is(err, unix.ENOPROTOOPT)
}

// address is the network and the address of an entry of bind.
func address(addr string, port int64) (network, where string) {
	host, network := strings.TrimPrefix(addr, "-"), "tcp4"
	switch {
	case host == "*":
		host = "0.0.0.0"
	case host == "::*":
		host, network = "::", "tcp6"
	case strings.Contains(host, ":"):
		network = "tcp6"
	case net.ParseIP(host) == nil:
		network = "tcp"
	}
	return network, net.JoinHostPort(host, strconv.FormatInt(port, 10))
}

func listenTCP(network, where string) (*listener, error) {
	l, err := net.Listen(network, where)
	if err != nil {
		return nil, fmt.Errorf("%s: bind: %w", where, err)
	}
	ln, err := wrap(l, false)
	if err != nil {
		return nil, err
	}
	ln.where = where
	return ln, nil
}

// openUnix listens on the unix socket of the configuration, nil without one.
func (s *Server) openUnix() (*listener, error) {
	path := s.settings.unixSocket.Get()
	if path == "" {
		return nil, nil
	}
	os.Remove(path) // left over from a server that did not stop cleanly
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, fmt.Errorf("Failed opening Unix socket: bind: %w", err)
	}
	if perm := s.settings.unixPerm.Get(); perm != 0 {
		if err := os.Chmod(path, os.FileMode(perm)); err != nil {
			l.Close()
			return nil, fmt.Errorf("Failed opening Unix socket: %w", err)
		}
	}
	return wrap(l, true)
}

// wrap finds the descriptor of a listener; the Go runtime's own poller never accepts on it.
func wrap(l net.Listener, isUnix bool) (*listener, error) {
	raw, err := l.(syscall.Conn).SyscallConn()
	if err != nil {
		l.Close()
		return nil, err
	}
	ln := &listener{l: l, unix: isUnix}
	if err := raw.Control(func(fd uintptr) { ln.fd = int(fd) }); err != nil {
		l.Close()
		return nil, err
	}
	return ln, nil
}

func closeListeners(ls []*listener) {
	for _, ln := range ls {
		ln.l.Close()
	}
}

// acceptOn takes waiting connections from a listening descriptor and spreads them over the loops.
func (s *Server) acceptOn(l *loop, fd int) {
	for range acceptBatch {
		nfd, sa, ln, err := s.listeners.accept(fd)
		switch err {
		case nil:
			s.admit(l, nfd, sa, ln)
		case unix.EMFILE, unix.ENFILE, unix.ENOBUFS, unix.ENOMEM:
			// The connection stays in the queue and would be told of again at once: look again at the next tick.
			if l.now.Mono-l.toldFull >= int64(time.Second) {
				l.toldFull = l.now.Mono
				s.log.Warn("Error accepting a client connection: " + err.Error())
			}
			s.listeners.rest(l, fd, true)
			l.resting = append(l.resting, fd)
			return
		case unix.ECONNABORTED, unix.EINTR: // that one is gone, the next may be there
		default:
			return
		}
	}
}

// acceptAgain looks at listeners that were left alone for want of descriptors.
func (s *Server) acceptAgain(l *loop) {
	for _, fd := range l.resting {
		s.listeners.rest(l, fd, false)
	}
	l.resting = l.resting[:0]
}

// admit checks a new connection and hands it to a loop.
func (s *Server) admit(l *loop, fd int, sa unix.Sockaddr, ln *listener) {
	if !ln.unix {
		unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)
		s.keepalive(fd)
	}
	addr, local := peerName(sa, s.settings.unixSocket.Get())
	if refusal := s.refuse(local); refusal != "" {
		s.node.Traffic.Rejected.Add(1)
		rawWrite(fd, []byte(refusal))
		unix.Close(fd)
		return
	}
	to := s.loops[int(s.nextLoop.Add(1))%len(s.loops)]
	c := &conn{fd: fd, loop: to}
	sess := s.node.NewSession(c)
	sess.FD, sess.Addr, sess.Unix, sess.Local = fd, addr, ln.unix, local
	sess.LocalAddr = localName(fd, s.settings.unixSocket.Get())
	sess.SetFlag(session.FlagUnix, ln.unix)
	c.sess = sess
	s.node.Attach(sess)
	s.node.Traffic.Connections.Add(1)
	s.node.Account(sess, connOverhead)
	if to == l {
		to.add(c)
	} else if !to.do(func() { to.add(c) }) { // the server stops
		s.letGo(c)
	}
}

// refuse is the error for a connection that may not come in, "" when it may.
func (s *Server) refuse(local bool) string {
	if int64(s.sessions.Len()) >= s.settings.maxClients.Get() {
		return "-ERR max number of clients reached\r\n"
	}
	if s.settings.protected.Get() && s.settings.Password.Get() == "" && !local {
		return "-DENIED Redis is running in protected mode because protected mode is enabled and no password is set for the default user. " +
			"In this mode connections are only accepted from the loopback interface. To connect from other machines, set a password " +
			"(requirepass), or disable protected mode (CONFIG SET protected-mode no from the loopback interface, or protected-mode no in " +
			"the configuration file) when the port cannot be reached by others.\r\n"
	}
	return ""
}

func (s *Server) keepalive(fd int) {
	every := int(s.settings.keepalive.Get())
	if every == 0 {
		return
	}
	unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_KEEPALIVE, 1)
	unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_KEEPIDLE, every)
	unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_KEEPINTVL, max(1, every/3))
	unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_KEEPCNT, 3)
}

// peerName is the client's address as CLIENT LIST shows it, and whether it is on this machine.
func peerName(sa unix.Sockaddr, unixPath string) (name string, local bool) {
	switch a := sa.(type) {
	case *unix.SockaddrInet4:
		ip := net.IP(a.Addr[:])
		return net.JoinHostPort(ip.String(), strconv.Itoa(a.Port)), ip.IsLoopback()
	case *unix.SockaddrInet6:
		ip := net.IP(a.Addr[:])
		return net.JoinHostPort(ip.String(), strconv.Itoa(a.Port)), ip.IsLoopback()
	}
	return unixPath + ":0", true
}

func localName(fd int, unixPath string) string {
	sa, err := unix.Getsockname(fd)
	if err != nil {
		return "?:0"
	}
	name, _ := peerName(sa, unixPath)
	return name
}
