package loop

import (
	"errors"
	"net"
	"sync"
	"syscall"
	"time"
)

// plain is the network on package net, for every system and for connections that are not descriptors: it gives blocking
// connections the shape of the seam. A goroutine for each connection reads ahead one buffer, and one that lives while there
// is something to write empties another, as the kernel's buffers of a socket do. Each reply costs two or three switches
// between goroutines more than with epoll.
type plain struct {
	g   *Group
	all sync.WaitGroup // goroutines

	mu    sync.Mutex
	doors map[net.Listener]*door // guarded by mu
}

// door is a listener and the goroutine that accepts on it.
type door struct {
	ln    net.Listener
	again chan struct{} // of one element: accept again
	gone  chan struct{} // closed by unlisten
	ended chan struct{} // closed by the goroutine
}

func init() {
	networks["net"] = func(g *Group) network { return &plain{g: g, doors: map[net.Listener]*door{}} }
}

func (p *plain) open(*Loop) (transport, error) { return newPlainLoop(p), nil }

func (p *plain) listen(ln net.Listener) error {
	d := &door{ln: ln, again: make(chan struct{}, 1), gone: make(chan struct{}), ended: make(chan struct{})}
	p.mu.Lock()
	p.doors[ln] = d
	p.mu.Unlock()
	go p.accept(d)
	return nil
}

func (p *plain) unlisten(ln net.Listener) {
	p.mu.Lock()
	d := p.doors[ln]
	delete(p.doors, ln)
	p.mu.Unlock()
	if d == nil {
		return
	}
	close(d.gone)
	ln.Close()
	<-d.ended
}

// accept takes connections until the listener is closed. One that could not be taken is tried again at the next tick: there
// are no descriptors, or no memory.
func (p *plain) accept(d *door) {
	defer close(d.ended)
	for {
		nc, err := d.ln.Accept()
		if err == nil {
			p.admit(nc)
			continue
		}
		if errors.Is(err, net.ErrClosed) {
			return
		}
		first := p.g.loops[0]
		first.do(func() { first.noDescriptors(err) })
		select {
		case <-d.again:
		case <-d.gone:
			return
		}
	}
}

func (p *plain) retry() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, d := range p.doors {
		signal(d.again)
	}
}

// signal sends to a channel of one element unless there is one.
func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

func (p *plain) admit(nc net.Conn) {
	path := p.g.o.UnixPath()
	end := &peer{nc: nc, taken: make(chan struct{}, 1)}
	a := arrival{peer: end, fd: number(nc), close: func() { nc.Close() }}
	a.refuse = func(text string) {
		nc.Write([]byte(text))
		nc.Close()
	}
	tcp, ok := nc.(*net.TCPConn)
	if ok {
		probe(tcp, time.Duration(p.g.o.Keepalive())*time.Second)
	}
	a.unix = !ok
	a.addr, a.local = nameOf(nc.RemoteAddr(), path)
	a.localAddr, _ = nameOf(nc.LocalAddr(), path)
	p.g.admit(&a)
}

// number is a connection's descriptor, for CLIENT LIST; -1 where it has none.
func number(nc net.Conn) int {
	n := -1
	if c, ok := nc.(syscall.Conn); ok {
		if raw, err := c.SyscallConn(); err == nil {
			raw.Control(func(fd uintptr) { n = int(fd) })
		}
	}
	return n
}

func probe(c *net.TCPConn, every time.Duration) {
	c.SetKeepAliveConfig(net.KeepAliveConfig{Enable: every > 0, Idle: every, Interval: max(time.Second, every/3), Count: 3})
}

// quietNs: what a client has sent may be in the kernel, or with the goroutine that reads.
func (p *plain) quietNs() int64 { return int64(20 * time.Millisecond) }

func (p *plain) close() { p.all.Wait() }

// plainLoop is one loop's side.
type plainLoop struct {
	p      *plain
	bell   chan struct{} // of one element: there is something to look at
	timer  *time.Timer
	events []event

	mu sync.Mutex
	// queue are connections that may be ready: they are looked at in each wait until they are not. Guarded by mu.
	queue []*peer
}

func newPlainLoop(p *plain) *plainLoop {
	t := &plainLoop{p: p, bell: make(chan struct{}, 1), timer: time.NewTimer(time.Hour)}
	t.timer.Stop()
	return t
}

func (t *plainLoop) wait(ms int) ([]event, error) {
	if t.collect(); len(t.events) > 0 || ms == 0 {
		return t.events, nil
	}
	t.timer.Reset(time.Duration(ms) * time.Millisecond)
	select {
	case <-t.bell:
		t.timer.Stop()
		t.collect()
	case <-t.timer.C:
	}
	return t.events, nil
}

// collect finds the events of the queue, and takes those out of it that have none.
func (t *plainLoop) collect() {
	t.events = t.events[:0]
	t.mu.Lock()
	defer t.mu.Unlock()
	rest := t.queue[:0]
	for _, p := range t.queue {
		if ev := p.event(); ev.readable || ev.writable {
			t.events = append(t.events, ev)
			rest = append(rest, p)
		} else {
			p.queued = false
		}
	}
	clear(t.queue[len(rest):])
	t.queue = rest
}

// look makes the loop look at a connection. Safe for concurrent use.
func (t *plainLoop) look(p *peer) {
	t.mu.Lock()
	if !p.queued {
		p.queued = true
		t.queue = append(t.queue, p)
	}
	t.mu.Unlock()
	t.wake()
}

func (t *plainLoop) wake() { signal(t.bell) }

func (t *plainLoop) add(c *conn) error {
	c.peer.t, c.peer.c = t, c
	t.p.all.Go(c.peer.read)
	return nil
}

func (t *plainLoop) interest(c *conn)                           { t.look(c.peer) }
func (t *plainLoop) recv(c *conn, b []byte) (int, error)        { return c.peer.recv(b) }
func (t *plainLoop) send(c *conn, pieces [][]byte) (int, error) { return c.peer.send(pieces) }
func (t *plainLoop) shut(c *conn)                               { c.peer.shut() }
func (t *plainLoop) close(c *conn)                              { c.peer.close() }
func (t *plainLoop) end()                                       { t.timer.Stop() }
