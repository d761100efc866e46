package bench

import (
	"bytes"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"github.com/curfewkv/curfew/resp"
)

// Bystander is the process that startBystander starts: args are the server's address and the interval. It observes from
// when it has written a byte to out until in ends, then writes its observations.
func Bystander(args []string, in io.Reader, out io.Writer) error {
	if len(args) != 2 {
		return errors.New("bystander: want an address and an interval")
	}
	every, err := time.ParseDuration(args[1])
	if err != nil || every <= 0 {
		return fmt.Errorf("bystander: not an interval: %q", args[1])
	}
	fd, err := openSocket(args[0])
	if err != nil {
		return err
	}
	// Nothing else happens in this process, so there is little garbage; collecting it would only delay requests.
	debug.SetGCPercent(-1)
	urgent()
	o := &observer{fd: fd, every: every, request: resp.AppendCommand(nil, "GET", bystanderKey),
		seen: make(waits, 0, 1<<20), late: make([]int64, 0, 1<<20)}
	go func() {
		_, _ = io.Copy(io.Discard, in) // its end is what matters
		o.stopped.Store(true)
	}()
	if _, err := out.Write([]byte{'!'}); err != nil {
		return err
	}
	runtime.LockOSThread()
	o.run()
	return errors.Join(gob.NewEncoder(out).Encode(o.report()), unix.Close(fd))
}

// observer is the bystander's loop.
type observer struct {
	fd       int
	request  []byte
	every    time.Duration
	stopped  atomic.Bool
	seen     waits   // in the order of sending; those from answered on are still waiting
	late     []int64 // nanoseconds
	answered int
	reply    []byte // received, not yet a whole reply
	err      error
}

func (o *observer) report() observations {
	r := observations{Late: o.late}
	for _, w := range o.seen[:o.answered] {
		r.Due, r.Took = append(r.Due, int64(w.due)), append(r.Took, int64(w.took))
	}
	if o.err != nil {
		r.Error = o.err.Error()
	}
	return r
}

func (o *observer) run() {
	for due := now(); !o.stopped.Load(); {
		due = due.add(o.every)
		if o.err = o.receive(due, false); o.err != nil {
			return
		}
		// Waking up late is the driver's fault: the request counts from when it is sent.
		at := now()
		o.late = append(o.late, int64(at.since(due)))
		if _, o.err = again(func() (int, error) { return unix.Write(o.fd, o.request) }); o.err != nil {
			o.err = fmt.Errorf("write: %w", o.err)
			return
		}
		o.seen = append(o.seen, wait{due: at})
	}
	o.err = o.receive(now().add(replyTimeout), true)
}

// receive reads replies until the instant given, or, if all are wanted, until none is due any more.
func (o *observer) receive(until instant, all bool) error {
	var buf [4096]byte
	for {
		if all && o.answered == len(o.seen) {
			return nil
		}
		left := until.since(now())
		if left <= 0 {
			if all {
				return fmt.Errorf("%d requests without a reply within %v", len(o.seen)-o.answered, replyTimeout)
			}
			return nil
		}
		ready, err := awaitInput(o.fd, left)
		if err != nil {
			return fmt.Errorf("poll: %w", err)
		}
		if !ready {
			continue
		}
		n, err := again(func() (int, error) { return unix.Read(o.fd, buf[:]) })
		if err != nil {
			return fmt.Errorf("read: %w", err)
		}
		if n == 0 {
			return fmt.Errorf("read: %w", io.ErrUnexpectedEOF)
		}
		if err := o.settle(buf[:n], now()); err != nil {
			return err
		}
	}
}

// settle notes the waits of the requests that data answers.
func (o *observer) settle(data []byte, at instant) error {
	const want = "$1\r\nx\r\n"
	o.reply = append(o.reply, data...)
	for len(o.reply) >= len(want) {
		if string(o.reply[:len(want)]) != want || o.answered == len(o.seen) {
			return fmt.Errorf("unexpected reply %q", bytes.TrimSpace(o.reply))
		}
		w := &o.seen[o.answered]
		w.took = at.since(w.due)
		o.answered++
		o.reply = append(o.reply[:0], o.reply[len(want):]...)
	}
	// A null is shorter than the expected reply: it would be waited for for ever.
	if bytes.HasPrefix(o.reply, []byte("$-1\r\n")) {
		return errors.New("its key is gone")
	}
	return nil
}
