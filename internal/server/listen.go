package server

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
)

// listeners are the sockets that are listened on. CONFIG SET port and bind change them from any loop.
type listeners struct {
	mu   sync.Mutex
	tcp  map[string]net.Listener // by the address as configured; guarded by mu
	unix net.Listener            // nil: none; guarded by mu
}

// optional reports whether an address that may be missing is missing, rather than taken.
func optional(err error) bool {
	for _, e := range []error{syscall.EADDRNOTAVAIL, syscall.EAFNOSUPPORT, syscall.EPROTONOSUPPORT, syscall.ENOPROTOOPT} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
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

// listenUnix listens on the unix socket of the configuration, nil without one.
func (s *Server) listenUnix() (net.Listener, error) {
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
	return l, nil
}

// listenAll opens every listener before the loops run.
func (s *Server) listenAll() error {
	if err := s.follow(); err != nil {
		return err
	}
	l, err := s.listenUnix()
	if err != nil || l == nil {
		return err
	}
	s.listeners.mu.Lock()
	defer s.listeners.mu.Unlock()
	s.listeners.unix = l
	return s.group.Listen(l)
}

// relisten follows a CONFIG SET of port or bind; failure is what the client is told when the addresses cannot be had. The
// cause is logged.
func (s *Server) relisten(failure string) error {
	if s.group == nil {
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
	port := s.settings.port.Get()
	wanted := map[string]net.Listener{}
	added := map[string]net.Listener{}
	var addrs []string
	if port != 0 {
		addrs = s.settings.bind.Get()
	}
	for _, addr := range addrs {
		network, where := address(addr, port)
		if l := ls.tcp[where]; l != nil {
			wanted[where] = l
			continue
		}
		l, err := net.Listen(network, where)
		if err != nil && strings.HasPrefix(addr, "-") && optional(err) {
			continue
		}
		if err != nil {
			for _, l := range added {
				l.Close()
			}
			s.log.Warn(fmt.Sprintf("Warning: Could not create server TCP listening socket %s: bind: %v", where, err))
			return fmt.Errorf("Failed listening on port %d (TCP), aborting.", port)
		}
		wanted[where], added[where] = l, l
	}
	if len(wanted) == 0 && len(addrs) > 0 {
		return fmt.Errorf("Failed listening on port %d (TCP), aborting.", port)
	}
	for _, l := range added {
		if err := s.group.Listen(l); err != nil {
			return err
		}
	}
	for where, l := range ls.tcp {
		if wanted[where] == nil {
			s.group.Unlisten(l)
		}
	}
	ls.tcp = wanted
	return nil
}

// unlisten closes every listener.
func (s *Server) unlisten() {
	ls := &s.listeners
	ls.mu.Lock()
	defer ls.mu.Unlock()
	for _, l := range ls.tcp {
		s.group.Unlisten(l)
	}
	if ls.unix != nil {
		s.group.Unlisten(ls.unix)
	}
	ls.tcp, ls.unix = nil, nil
}

// refuse is the error for a connection that may not come in, "" when it may.
func (s *Server) refuse(local bool) string {
	if int64(s.node.Sessions.Len()) >= s.settings.maxClients.Get() {
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
