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
// took, while others give the server work. It does not wait for a reply before it sends the next request: a stall keeps
// all those waiting that were sent during it, as it would many clients, and a server that is merely slow does not build
// up a debt.
//
// It has a thread of its own that does nothing else, at real-time priority where that is allowed, so that what it sees
// is the server and not this program.
type bystander struct {
	fd      int
	request []byte
	every   time.Duration
	stopped atomic.Bool
	done    chan struct{} // closed by the thread, which owns the fields below until then
	seen    waits         // in the order of sending; those from answered on are still waiting
	late    distribution  // how late the driver itself woke up; unordered
	err     error

	answered int
	reply    []byte // received, not yet a whole reply
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
	for due := now(); !b.stopped.Load(); {
		due = due.add(b.every)
		if b.err = b.receive(due, false); b.err != nil {
			return
		}
		// Waking up late is the driver's fault: the request counts from when it is sent.
		at := now()
		b.late = append(b.late, at.since(due))
		if _, b.err = again(func() (int, error) { return unix.Write(b.fd, b.request) }); b.err != nil {
			b.err = fmt.Errorf("bystander: write: %w", b.err)
			return
		}
		b.seen = append(b.seen, wait{due: at})
	}
	b.err = b.receive(now().add(replyTimeout), true)
}

// receive reads replies until the instant given, or until none is due any more.
func (b *bystander) receive(until instant, all bool) error {
	var buf [4096]byte
	for {
		if all && b.answered == len(b.seen) {
			return nil
		}
		left := until.since(now())
		if left <= 0 {
			if all {
				return fmt.Errorf("bystander: %d requests without a reply within %v", len(b.seen)-b.answered, replyTimeout)
			}
			return nil
		}
		ready, err := awaitInput(b.fd, left)
		if err != nil {
			return fmt.Errorf("bystander: poll: %w", err)
		}
		if !ready {
			continue
		}
		n, err := again(func() (int, error) { return unix.Read(b.fd, buf[:]) })
		if err != nil {
			return fmt.Errorf("bystander: read: %w", err)
		}
		if n == 0 {
			return fmt.Errorf("bystander: %w", io.ErrUnexpectedEOF)
		}
		if err := b.settle(buf[:n], now()); err != nil {
			return err
		}
	}
}

// settle notes the waits of the requests that data answers.
func (b *bystander) settle(data []byte, at instant) error {
	const want = "$1\r\nx\r\n"
	b.reply = append(b.reply, data...)
	for len(b.reply) >= len(want) {
		if string(b.reply[:len(want)]) != want || b.answered == len(b.seen) {
			return fmt.Errorf("bystander: unexpected reply %q", bytes.TrimSpace(b.reply))
		}
		w := &b.seen[b.answered]
		w.took = at.since(w.due)
		b.answered++
		b.reply = append(b.reply[:0], b.reply[len(want):]...)
	}
	// Replies are shorter than the expected one only where the key is gone: they would wait here for ever.
	if bytes.HasPrefix(b.reply, []byte("$-1\r\n")) {
		return errors.New("bystander: its key is gone")
	}
	return nil
}

// stop ends the bystander and returns what it saw.
func (b *bystander) stop() (waits, error) {
	b.stopped.Store(true)
	<-b.done
	return b.seen[:b.answered], errors.Join(b.err, unix.Close(b.fd))
}
