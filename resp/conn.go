package resp

import (
	"fmt"
	"net"
	"strings"
	"time"
)

// dialTimeout bounds Dial; a server on the way to being up answers at once or
// refuses.
const dialTimeout = 10 * time.Second

// Conn is a small synchronous client, for tools and tests. It neither
// reconnects nor pools. One goroutine at a time; Close may come from another.
type Conn struct {
	// OnPush, if set, is given the out-of-band messages that Do meets while it
	// waits for replies. Receive returns them instead.
	OnPush func(Value)

	nc      net.Conn
	r       *Reader
	out     []byte
	pending int // requests sent or buffered whose replies were not received
}

// Dial connects to "host:port", or to a socket's path as "unix:<path>".
func Dial(addr string) (*Conn, error) {
	network := "tcp"
	if path, ok := strings.CutPrefix(addr, "unix:"); ok {
		network, addr = "unix", path
	}
	nc, err := net.DialTimeout(network, addr, dialTimeout)
	if err != nil {
		return nil, fmt.Errorf("resp: %w", err)
	}
	return NewConn(nc), nil
}

// NewConn returns a Conn over nc, which it owns from now on.
func NewConn(nc net.Conn) *Conn {
	return &Conn{nc: nc, r: NewReader(nc)}
}

// Net returns the connection below, for addresses and socket options.
func (c *Conn) Net() net.Conn { return c.nc }

// SetDeadline bounds all reads and writes from now on; zero means no bound.
func (c *Conn) SetDeadline(t time.Time) error { return c.nc.SetDeadline(t) }

// SetReadDeadline bounds reads only.
func (c *Conn) SetReadDeadline(t time.Time) error { return c.nc.SetReadDeadline(t) }

// Send buffers a request.
func (c *Conn) Send(args ...string) {
	c.out = AppendCommand(c.out, args...)
	c.pending++
}

// SendBytes is Send for byte slices, which are copied.
func (c *Conn) SendBytes(args ...[]byte) {
	c.out = AppendCommandBytes(c.out, args...)
	c.pending++
}

// SendRaw buffers bytes as they are, which must make requests with replies
// more replies.
func (c *Conn) SendRaw(b []byte, replies int) {
	c.out = append(c.out, b...)
	c.pending += replies
}

// Flush writes what is buffered.
func (c *Conn) Flush() error {
	if len(c.out) == 0 {
		return nil
	}
	_, err := c.nc.Write(c.out)
	c.out = c.out[:0]
	if err != nil {
		return fmt.Errorf("resp: %w", err)
	}
	return nil
}

// Receive reads the next reply or push. Error replies are values; err is the
// connection's.
func (c *Conn) Receive() (Value, error) {
	v, err := c.r.Read()
	if err == nil && v.Type != '>' {
		c.pending--
	}
	return v, err
}

// Do sends a request and returns its reply. Replies still due for earlier
// requests are read and dropped; pushes go to OnPush. Under RESP3, SUBSCRIBE
// and its like answer by push only: use Send, Flush and Receive for these.
func (c *Conn) Do(args ...string) (Value, error) {
	c.Send(args...)
	if err := c.Flush(); err != nil {
		return Value{}, err
	}
	for {
		v, err := c.Receive()
		if err != nil {
			return v, err
		}
		if v.Type == '>' {
			if c.OnPush != nil {
				c.OnPush(v)
			}
			continue
		}
		if c.pending <= 0 {
			return v, nil
		}
	}
}

// Close closes the connection; a Receive under way fails.
func (c *Conn) Close() error { return c.nc.Close() }
