package lifetime_test

import (
	"bytes"
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
		pairs  map[*pair]bool
		open   map[net.Conn]bool
	}
}

// pair is a connection from a client and the one to the server.
type pair struct {
	silent   chan struct{} // closed when it is
	quiet    bool
	tracking bool // the client has turned tracking on; guarded like quiet by the link's mutex
}

func newLink(t *testing.T, server string) *link {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := &link{Addr: listener.Addr().String(), listener: listener}
	l.mu.server, l.mu.pairs, l.mu.open = server, map[*pair]bool{}, map[net.Conn]bool{}
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
		p := &pair{silent: make(chan struct{})}
		l.mu.pairs[p] = true
		l.mu.Unlock()
		l.done.Go(func() { l.copy(p, server, client) })
		l.done.Go(func() { l.copy(p, client, server) })
	}
}

func (l *link) copy(p *pair, to, from net.Conn) {
	defer func() {
		l.mu.Lock()
		delete(l.mu.open, from)
		delete(l.mu.pairs, p)
		l.mu.Unlock()
		to.Close()
		from.Close()
	}()
	buf := make([]byte, 4096)
	for {
		n, err := from.Read(buf)
		select {
		case <-p.silent:
			n = 0 // swallowed
		default:
		}
		if bytes.Contains(buf[:n], []byte("bcast")) {
			l.mu.Lock()
			p.tracking = true
			l.mu.Unlock()
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
func (l *link) Silence() { l.silence(func(*pair) bool { return true }) }

// SilenceTracking does it to those connections only on which clients have turned tracking on.
func (l *link) SilenceTracking() { l.silence(func(p *pair) bool { return p.tracking }) }

func (l *link) silence(which func(*pair) bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for p := range l.mu.pairs {
		if which(p) && !p.quiet {
			p.quiet = true
			close(p.silent)
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
