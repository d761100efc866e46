package main

import (
	"errors"
	"io"
	"net"
	"strconv"
	"sync"
	"time"
)

// network stands between the audits and the server, and takes as long as a network between two machines: an audit over
// loopback would be over before it can do harm. The load does not go through it.
type network struct {
	listener net.Listener
	to       string
	delay    time.Duration // each way

	mu    sync.Mutex
	conns []net.Conn
}

func newNetwork(to string, roundTrip time.Duration) (*network, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	n := &network{listener: l, to: to, delay: roundTrip / 2}
	go n.serve()
	return n, nil
}

func (n *network) port() string { return strconv.Itoa(n.listener.Addr().(*net.TCPAddr).Port) }

func (n *network) serve() {
	for {
		from, err := n.listener.Accept()
		if err != nil {
			return
		}
		to, err := net.Dial("tcp", n.to)
		if err != nil {
			_ = from.Close()
			continue
		}
		n.mu.Lock()
		n.conns = append(n.conns, from, to)
		n.mu.Unlock()
		go n.carry(from, to)
		go n.carry(to, from)
	}
}

// packet is bytes on their way.
type packet struct {
	arrives time.Time
	bytes   []byte
}

// carry brings what from sends to to, in order, each packet as late as the next.
func (n *network) carry(from, to net.Conn) {
	onTheWay := make(chan packet, 1024)
	go func() {
		defer to.Close()
		for p := range onTheWay {
			time.Sleep(time.Until(p.arrives))
			if _, err := to.Write(p.bytes); err != nil && !errors.Is(err, net.ErrClosed) {
				_ = from.Close()
			}
		}
	}()
	defer close(onTheWay)
	buffer := make([]byte, 64<<10)
	for {
		k, err := from.Read(buffer)
		if k > 0 {
			onTheWay <- packet{time.Now().Add(n.delay), append([]byte(nil), buffer[:k]...)}
		}
		if err != nil {
			if !errors.Is(err, io.EOF) {
				_ = from.Close()
			}
			return
		}
	}
}

func (n *network) close() {
	_ = n.listener.Close()
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, c := range n.conns {
		_ = c.Close()
	}
}
