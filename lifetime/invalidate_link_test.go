package lifetime_test

import (
	"net"
	"sync"
	"testing"
)

// link is a TCP connection to a server that a test can cut, or let go silent, as a firewall does that forgets a connection.
type link struct {
	Addr string

	listener net.Listener
	done     sync.WaitGroup
	mu       struct {
		sync.Mutex
		server string
		refuse bool
		silent map[*half]bool
		open   map[net.Conn]bool
	}
}

// half is one direction of a connection.
type half struct{ silent chan struct{} }

func newLink(t *testing.T, server string) *link {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := &link{Addr: listener.Addr().String(), listener: listener}
	l.mu.server, l.mu.silent, l.mu.open = server, map[*half]bool{}, map[net.Conn]bool{}
	l.done.Go(l.accept)
	t.Cleanup(func() {
		listener.Close()
		l.Cut()
		l.done.Wait()
	})
	return l
}

func (l *link) accept() {
	for {
		client, err := l.listener.Accept()
		if err != nil {
			return
		}
		l.mu.Lock()
		addr, refuse := l.mu.server, l.mu.refuse
		l.mu.Unlock()
		server, err := net.Dial("tcp", addr)
		if err != nil || refuse {
			client.Close()
			if err == nil {
				server.Close()
			}
			continue
		}
		l.mu.Lock()
		l.mu.open[client], l.mu.open[server] = true, true
		l.mu.Unlock()
		l.done.Go(func() { l.copy(server, client) })
		l.done.Go(func() { l.copy(client, server) })
	}
}

func (l *link) copy(to, from net.Conn) {
	h := &half{silent: make(chan struct{})}
	l.mu.Lock()
	l.mu.silent[h] = false
	l.mu.Unlock()
	defer func() {
		l.mu.Lock()
		delete(l.mu.open, from)
		delete(l.mu.silent, h)
		l.mu.Unlock()
		to.Close()
		from.Close()
	}()
	buf := make([]byte, 4096)
	for {
		n, err := from.Read(buf)
		select {
		case <-h.silent:
			n = 0 // swallowed
		default:
		}
		if n > 0 {
			if _, err := to.Write(buf[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// Cut closes all connections; new ones are served.
func (l *link) Cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for c := range l.mu.open {
		c.Close()
	}
}

// Refuse cuts, and closes new connections at once until it is called with false.
func (l *link) Refuse(refuse bool) {
	l.mu.Lock()
	l.mu.refuse = refuse
	l.mu.Unlock()
	if refuse {
		l.Cut()
	}
}

// Silence swallows everything that the open connections carry from now on; new ones are served.
func (l *link) Silence() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for h, was := range l.mu.silent {
		if !was {
			close(h.silent)
			l.mu.silent[h] = true
		}
	}
}

// To sends new connections to another server.
func (l *link) To(server string) {
	l.mu.Lock()
	l.mu.server = server
	l.mu.Unlock()
	l.Cut()
}
