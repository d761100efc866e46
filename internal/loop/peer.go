package loop

import (
	"io"
	"net"
	"sync"
	"time"
)

const (
	// smallRead is what a connection reads into while little comes.
	smallRead = 2 << 10
	// writeSize is how much a connection takes to be written.
	writeSize = 64 << 10
	// keepWrite is how large the memory for that may be while there is nothing to write.
	keepWrite = 512
)

// peer is a connection of package net: its buffers, and the goroutines that move bytes between these and the network.
type peer struct {
	// immutable once the goroutines run
	nc net.Conn
	t  *plainLoop
	c  *conn

	taken  chan struct{} // of one element: the reader's buffer is empty again
	queued bool          // in the loop's queue; guarded by t.mu

	mu      sync.Mutex // what follows is guarded by it
	in      []byte     // received and not taken by the loop
	inErr   error      // why nothing more will be
	gone    bool       // the peer has ended the other direction as well: it takes nothing more
	out     []byte     // to be written
	writing bool       // there is a goroutine that writes out
	outErr  error      // why it could not
	hungry  bool       // the loop has more to send than out took
	noMore  bool       // nothing more will be sent: shut is done once out is written
	closed  bool       // to be closed once out is written
}

// event is what the loop is to be told of the connection. Called by the loop.
func (p *peer) event() event {
	p.mu.Lock()
	defer p.mu.Unlock()
	ev := event{c: p.c}
	if p.closed || p.c.closed {
		return ev
	}
	ev.readable = p.outErr != nil || p.gone || !p.c.eof && (len(p.in) > 0 || p.inErr != nil)
	ev.writable = p.c.wantWrite && !p.writing
	return ev
}

// read reads ahead of the loop, one buffer at a time. After the last it waits for the news that the peer takes nothing more
// either: it ends a request that runs elsewhere, to which nothing is written meanwhile.
func (p *peer) read() {
	buf := make([]byte, smallRead)
	for {
		n, err := p.nc.Read(buf)
		p.mu.Lock()
		p.in, p.inErr = buf[:n], err
		closed := p.closed
		p.mu.Unlock()
		if closed {
			return
		}
		p.t.look(p)
		if err != nil {
			if err == io.EOF && hungUp(p.nc) {
				p.mu.Lock()
				p.gone = true
				p.mu.Unlock()
				p.t.look(p)
			}
			return
		}
		<-p.taken
		switch {
		case n == len(buf) && n < readSize:
			buf = make([]byte, readSize)
		case n < smallRead && len(buf) > smallRead:
			buf = make([]byte, smallRead)
		}
	}
}

func (p *peer) recv(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := copy(b, p.in)
	if p.in = p.in[n:]; n > 0 {
		if len(p.in) == 0 {
			signal(p.taken)
		}
		return n, nil
	}
	if p.inErr != nil {
		return 0, p.inErr
	}
	if p.outErr != nil {
		return 0, p.outErr
	}
	return 0, errAgain
}

func (p *peer) send(pieces [][]byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.outErr != nil {
		return 0, p.outErr
	}
	if p.writing {
		p.hungry = true
		return 0, errAgain
	}
	p.out, p.hungry = p.out[:0], false
	for _, b := range pieces {
		n := min(len(b), writeSize-len(p.out))
		p.out = append(p.out, b[:n]...)
		if n < len(b) {
			p.hungry = true
			break
		}
	}
	p.writing = true
	p.t.p.all.Go(p.write)
	return len(p.out), nil
}

// write writes out, and closes what was to be closed after that.
func (p *peer) write() {
	_, err := p.nc.Write(p.out)
	p.mu.Lock()
	if cap(p.out) > keepWrite {
		p.out = nil
	}
	p.writing, p.outErr = false, err
	tell, closed := p.hungry || err != nil, p.closed
	if p.noMore && !closed {
		closeWrite(p.nc)
	}
	p.mu.Unlock()
	if closed {
		p.nc.Close()
	} else if tell {
		p.t.look(p)
	}
}

func (p *peer) shut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.noMore = true
	if !p.writing {
		closeWrite(p.nc)
	}
}

// closeWrite ends the direction to the peer, for connections that can do that.
func closeWrite(nc net.Conn) {
	if c, ok := nc.(interface{ CloseWrite() error }); ok {
		c.CloseWrite()
	}
}

func (p *peer) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	signal(p.taken)
	if p.writing { // as a socket that is closed goes on sending what it has, but not for ever
		p.nc.SetWriteDeadline(time.Now().Add(time.Duration(lingerNs)))
		return
	}
	p.nc.Close()
}
