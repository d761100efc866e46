package rig

import (
	"bufio"
	"net"
	"strconv"
	"time"
)

// replyLimit bounds the wait for a reply; a server that takes longer hangs.
const replyLimit = 10 * time.Second

// A Conn is a connection to a server. It is for one goroutine.
type Conn struct {
	net.Conn
	r *bufio.Reader
}

// Dial connects to the server.
func Dial(s *Server) (*Conn, error) {
	c, err := net.DialTimeout("tcp", s.Addr, replyLimit)
	if err != nil {
		return nil, err
	}
	return &Conn{Conn: c, r: bufio.NewReaderSize(c, 16<<10)}, nil
}

// Encode returns the command as an array of bulk strings, which is what clients send.
func Encode(buf []byte, args ...string) []byte {
	buf = append(buf, '*')
	buf = strconv.AppendInt(buf, int64(len(args)), 10)
	buf = append(buf, "\r\n"...)
	for _, arg := range args {
		buf = append(buf, '$')
		buf = strconv.AppendInt(buf, int64(len(arg)), 10)
		buf = append(buf, "\r\n"...)
		buf = append(buf, arg...)
		buf = append(buf, "\r\n"...)
	}
	return buf
}

// Send writes raw bytes.
func (c *Conn) Send(raw []byte) error {
	if err := c.SetWriteDeadline(time.Now().Add(replyLimit)); err != nil {
		return err
	}
	_, err := c.Conn.Write(raw)
	return err
}

// Read reads one reply, waiting for it at most replyLimit.
func (c *Conn) Read() (Reply, error) { return c.ReadWithin(replyLimit) }

// ReadWithin reads one reply, waiting for it at most the given time.
func (c *Conn) ReadWithin(limit time.Duration) (Reply, error) {
	if err := c.SetReadDeadline(time.Now().Add(limit)); err != nil {
		return Reply{}, err
	}
	return ReadReply(c.r)
}

// ReadSome reads raw bytes, whatever has arrived, waiting for the first at most the given time.
func (c *Conn) ReadSome(buf []byte, limit time.Duration) (int, error) {
	if err := c.SetReadDeadline(time.Now().Add(limit)); err != nil {
		return 0, err
	}
	return c.r.Read(buf)
}

// Do sends one command and reads its reply.
func (c *Conn) Do(args ...string) (Reply, error) {
	if err := c.Send(Encode(nil, args...)); err != nil {
		return Reply{}, err
	}
	return c.Read()
}
