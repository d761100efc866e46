package server

import (
	"errors"
	"fmt"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
)

// listeners are the sockets that are listened on. Loop 0 accepts; CONFIG SET port and bind change them from any loop.
type listeners struct {
	mu   sync.Mutex
	byFD map[int]*listener
}

// accept takes a waiting connection. The lock keeps the descriptor from being closed, and used for something else, meanwhile.
func (ls *listeners) accept(fd int) (nfd int, from unix.Sockaddr, ln *listener, err error) {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	if ln = ls.byFD[fd]; ln == nil {
		return 0, nil, nil, unix.EBADF
	}
	nfd, from, err = unix.Accept4(fd, unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC)
	return nfd, from, ln, err
}

// rest stops looking at a listener, or looks at it again.
func (ls *listeners) rest(l *loop, fd int, on bool) {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	if ls.byFD[fd] == nil {
		return
	}
	ev := unix.EpollEvent{Fd: int32(fd)}
	if !on {
		ev.Events = unix.EPOLLIN
	}
	unix.EpollCtl(l.ep, unix.EPOLL_CTL_MOD, fd, &ev)
}

// listenAll opens every listener before the loops run.
func (s *Server) listenAll() error {
	if err := s.follow(); err != nil {
		return err
	}
	u, err := s.openUnix()
	if err != nil || u == nil {
		return err
	}
	s.listeners.mu.Lock()
	defer s.listeners.mu.Unlock()
	return s.serveOn(u)
}

// serveOn makes loop 0 watch a listener. REQUIRES: s.listeners.mu is held.
func (s *Server) serveOn(ln *listener) error {
	if err := s.loops[0].watch(ln.fd, unix.EPOLLIN); err != nil {
		ln.l.Close()
		return err
	}
	s.listeners.byFD[ln.fd] = ln
	return nil
}

// relisten follows a CONFIG SET of port or bind; failure is what the client is told when the addresses cannot be had. The
// cause is logged.
func (s *Server) relisten(failure string) error {
	if len(s.loops) == 0 {
		return nil // still starting
	}
	if err := s.follow(); err != nil {
		s.log.Warn(err.Error())
		return errors.New(failure)
	}
	return nil
}

// follow makes the TCP listeners those of the configuration: what is new is opened first, and only when all of it could
// be is what is no longer wanted closed.
func (s *Server) follow() error {
	ls := &s.listeners
	ls.mu.Lock()
	defer ls.mu.Unlock()
	have := map[string]*listener{}
	for _, ln := range ls.byFD {
		if !ln.unix {
			have[ln.where] = ln
		}
	}
	var added []*listener
	port := s.settings.port.Get()
	addrs := s.settings.bind.Get()
	if port == 0 {
		addrs = nil
	}
	open := 0
	for _, addr := range addrs {
		network, where := address(addr, port)
		if have[where] != nil {
			delete(have, where)
			open++
			continue
		}
		ln, err := listenTCP(network, where)
		if err != nil && strings.HasPrefix(addr, "-") && optional(err) {
			continue
		}
		if err != nil {
			closeListeners(added)
			s.log.Warn("Warning: Could not create server TCP listening socket " + err.Error())
			return fmt.Errorf("Failed listening on port %d (TCP), aborting.", port)
		}
		added = append(added, ln)
	}
	if open+len(added) == 0 && len(addrs) > 0 {
		return fmt.Errorf("Failed listening on port %d (TCP), aborting.", port)
	}
	for _, ln := range added {
		if err := s.serveOn(ln); err != nil {
			return err
		}
	}
	for _, ln := range have {
		delete(ls.byFD, ln.fd)
		ln.l.Close()
	}
	return nil
}

// unlisten closes every listener.
func (s *Server) unlisten() {
	s.listeners.mu.Lock()
	defer s.listeners.mu.Unlock()
	for fd, ln := range s.listeners.byFD {
		delete(s.listeners.byFD, fd)
		ln.l.Close()
	}
}
