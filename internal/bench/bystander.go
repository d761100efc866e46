package bench

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"runtime"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"github.com/curfewkv/curfew/resp"
)

// bystander is an innocent client: it sends one small request at every tick of a fixed schedule and notes how long each
// took, while others give the server work.
//
// It has a thread of its own that does nothing else, at real-time priority where that is allowed, so that what it sees
// is the server and not this program.
type bystander struct {
	fd      int
	request []byte
	every   time.Duration
	stopped atomic.Bool
	done    chan struct{} // closed by the thread, which owns the fields below until then
	seen    waits
	late    distribution // how late the driver itself woke up; unordered
	err     error
}

// startBystander stores a small value under its own key and begins to read it every so often.
func startBystander(t *Target, every time.Duration) (*bystander, error) {
	const key = "bystander"
	if err := t.do("SET", key, "x"); err != nil {
		return nil, err
	}
	fd, err := openSocket(t.Addr)
	if err != nil {
		return nil, err
	}
	b := &bystander{
		fd: fd, every: every, done: make(chan struct{}),
		request: resp.AppendCommand(nil, "GET", key),
		seen:    make(waits, 0, 1<<16), late: make(distribution, 0, 1<<16),
	}
	go b.run()
	return b, nil
}

func (b *bystander) run() {
	defer close(b.done)
	runtime.LockOSThread() // never unlocked: the thread ends with the goroutine, and its priority with it
	urgent()
	reply := make([]byte, 4096)
	due, free := now(), now()
	for !b.stopped.Load() {
		due = due.add(b.every)
		start := due
		if due > free {
			for at := now(); at < due; at = now() {
				sleep(due.since(at))
			}
			// The server owed nothing when this request fell due: waking up late is the driver's fault.
			start = now()
			b.late = append(b.late, start.since(due))
		}
		if b.err = b.ask(reply); b.err != nil {
			return
		}
		free = now()
		b.seen = append(b.seen, wait{start, free.since(start)})
	}
}

// ask sends the request and reads the reply.
func (b *bystander) ask(reply []byte) error {
	if _, err := again(func() (int, error) { return unix.Write(b.fd, b.request) }); err != nil {
		return fmt.Errorf("bystander: write: %w", err)
	}
	got := 0
	for {
		n, err := again(func() (int, error) { return unix.Read(b.fd, reply[got:]) })
		switch {
		case errors.Is(err, unix.EAGAIN):
			return fmt.Errorf("bystander: no reply within %v", replyTimeout)
		case err != nil:
			return fmt.Errorf("bystander: read: %w", err)
		case n == 0:
			return fmt.Errorf("bystander: %w", io.ErrUnexpectedEOF)
		}
		got += n
		switch r := reply[:got]; {
		case bytes.Equal(r, []byte("$1\r\nx\r\n")):
			return nil
		case r[0] == '-' && bytes.HasSuffix(r, []byte("\r\n")):
			return fmt.Errorf("bystander: %s", bytes.TrimSpace(r))
		case bytes.HasPrefix(r, []byte("$-1\r\n")):
			return errors.New("bystander: its key is gone")
		}
	}
}

// stop ends the bystander and returns what it saw.
func (b *bystander) stop() (waits, error) {
	b.stopped.Store(true)
	<-b.done
	return b.seen, errors.Join(b.err, unix.Close(b.fd))
}
