package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"golang.org/x/sys/unix"
)

// load is a stream of requests over several connections, each of which keeps one pipeline of them under way. One
// goroutine and poll(2) drive all connections, so that one core of driver can keep one core of server busy.
type load struct {
	addr        string
	connections int
	pipeline    int
	requests    int64
	command     func(dst []byte, i int64) []byte // appends request i, counted from 0
	sample      bool                             // note how long each pipeline took
	progress    func(done int64)                 // may be nil
}

// progressStep is how many requests lie between two calls of progress.
const progressStep = 10_000

// loadResult is what came of a load.
type loadResult struct {
	requests   int64 // answered
	failed     int64 // of them with an error reply
	firstError string
	elapsed    time.Duration
	seen       waits // one a pipeline
}

// check turns error replies into an error.
func (r *loadResult) check() error {
	if r.failed > 0 {
		return fmt.Errorf("%d of %d requests failed: %s", r.failed, r.requests, r.firstError)
	}
	return nil
}

// lane is one connection of a load.
type lane struct {
	fd      int
	out     []byte // not yet written
	sent    int    // bytes of out that are
	waiting int    // replies still due
	started instant
	replies replyCounter
}

func (l *load) run(ctx context.Context) (r loadResult, err error) {
	lanes := make([]*lane, l.connections)
	polled := make([]unix.PollFd, l.connections)
	defer func() {
		for _, c := range lanes {
			if c != nil {
				err = errors.Join(err, unix.Close(c.fd))
			}
		}
	}()
	for i := range lanes {
		fd, err := openSocket(l.addr)
		if err != nil {
			return r, err
		}
		lanes[i] = &lane{fd: fd}
		polled[i].Fd = int32(fd)
		if err := unix.SetNonblock(fd, true); err != nil {
			return r, fmt.Errorf("load: %w", err)
		}
	}
	if l.sample { // growing it on the way would be a stall of our own
		r.seen = make(waits, 0, l.requests/int64(l.pipeline)+int64(l.connections))
	}
	started := now()
	var issued, shown int64
	for i, c := range lanes {
		if err := l.next(c, &polled[i], &issued); err != nil {
			return r, err
		}
	}
	buf := make([]byte, 64<<10)
	for r.requests < l.requests {
		if err := ctx.Err(); err != nil {
			return r, err
		}
		n, err := again(func() (int, error) { return unix.Poll(polled, int(replyTimeout.Milliseconds())) })
		if err != nil {
			return r, fmt.Errorf("load: poll: %w", err)
		}
		if n == 0 {
			return r, fmt.Errorf("load: no reply within %v", replyTimeout)
		}
		for i := range polled {
			if polled[i].Revents == 0 {
				continue
			}
			if err := l.serve(lanes[i], &polled[i], buf, &r, &issued); err != nil {
				return r, err
			}
		}
		if l.progress != nil && r.requests-shown >= progressStep {
			shown = r.requests
			l.progress(shown)
		}
	}
	r.elapsed = now().since(started)
	return r, nil
}

// serve does what a connection is ready for.
func (l *load) serve(c *lane, p *unix.PollFd, buf []byte, r *loadResult, issued *int64) error {
	if p.Revents&unix.POLLOUT != 0 {
		if err := c.write(p); err != nil {
			return err
		}
	}
	if p.Revents&^unix.POLLOUT == 0 {
		return nil
	}
	n, err := again(func() (int, error) { return unix.Read(c.fd, buf) })
	switch {
	case errors.Is(err, unix.EAGAIN):
		return nil
	case err != nil:
		return fmt.Errorf("load: read: %w", err)
	case n == 0:
		return fmt.Errorf("load: server closed the connection: %w", io.ErrUnexpectedEOF)
	}
	replies, err := c.replies.count(buf[:n])
	if err != nil {
		return err
	}
	c.waiting -= replies
	r.requests += int64(replies)
	r.failed += c.replies.failed
	c.replies.failed = 0
	if r.firstError == "" {
		r.firstError = c.replies.firstError
	}
	if c.waiting > 0 {
		return nil
	}
	if c.waiting < 0 {
		return errors.New("load: more replies than requests")
	}
	if l.sample {
		r.seen = append(r.seen, wait{c.started, now().since(c.started)})
	}
	return l.next(c, p, issued)
}

// next sends a connection's next pipeline, if there is any left.
func (l *load) next(c *lane, p *unix.PollFd, issued *int64) error {
	n := min(int64(l.pipeline), l.requests-*issued)
	if n <= 0 {
		p.Fd = -1 // poll ignores it from now on
		return nil
	}
	c.out, c.sent = c.out[:0], 0
	for range n {
		c.out = l.command(c.out, *issued)
		*issued++
	}
	c.waiting, c.started = int(n), now()
	return c.write(p)
}

// write sends what the socket takes, and has poll say when it takes more.
func (c *lane) write(p *unix.PollFd) error {
	p.Events = unix.POLLIN
	for c.sent < len(c.out) {
		n, err := again(func() (int, error) { return unix.Write(c.fd, c.out[c.sent:]) })
		if errors.Is(err, unix.EAGAIN) {
			p.Events |= unix.POLLOUT
			return nil
		}
		if err != nil {
			return fmt.Errorf("load: write: %w", err)
		}
		c.sent += n
	}
	return nil
}
