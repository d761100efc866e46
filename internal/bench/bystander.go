package bench

import (
	"bufio"
	"bytes"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"
)

// BystanderArgs are the arguments with which this program runs Bystander: the rest are Bystander's own.
var BystanderArgs = []string{"bench", "bystander"}

// bystanderKey is what the bystander reads; its value is one byte.
const bystanderKey = "bystander"

// bystander is an innocent client: it sends one small request at every tick of a fixed schedule and notes how long each
// took, while others give the server work. It does not wait for a reply before it sends the next request: a stall keeps
// all those waiting that were sent during it, as it would many clients, and a server that is merely slow does not build
// up a debt.
//
// It is a process of its own, this program again, at real-time priority where that is allowed. As a thread of this
// process it would sometimes wait for a processor of the Go runtime, hence for threads of ordinary priority: 5 ms were
// seen, and once a second.
type bystander struct {
	cmd    *exec.Cmd
	input  io.Closer // closing it ends the process
	output *bufio.Reader
	errors bytes.Buffer
}

// observations are what the process reports at its end.
type observations struct {
	Due, Took []int64 // nanoseconds; by request, in the order of sending
	Late      []int64 // how late the driver itself woke up for each
	Error     string
}

// startBystander stores a small value under its own key and begins to read it every so often.
func startBystander(t *Target, every time.Duration) (*bystander, error) {
	if err := t.do("SET", bystanderKey, "x"); err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("bystander: %w", err)
	}
	b := &bystander{cmd: exec.Command(self, append(append([]string{}, BystanderArgs...), t.Addr, every.String())...)}
	b.cmd.Stderr = &b.errors
	in, err := b.cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("bystander: %w", err)
	}
	out, err := b.cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("bystander: %w", err)
	}
	b.input, b.output = in, bufio.NewReader(out)
	if err := b.cmd.Start(); err != nil {
		return nil, fmt.Errorf("bystander: %w", err)
	}
	if _, err := b.output.ReadByte(); err != nil { // it has begun
		return nil, errors.Join(b.wait(), errors.New("bystander: it did not begin"))
	}
	return b, nil
}

// wait ends the process.
func (b *bystander) wait() error {
	_ = b.input.Close() // it may have ended by itself, and its end of the pipe with it
	if err := b.cmd.Wait(); err != nil {
		return fmt.Errorf("bystander: %w: %s", err, bytes.TrimSpace(b.errors.Bytes()))
	}
	return nil
}

// stop ends the bystander and returns the waits that it saw, and how late it woke up.
func (b *bystander) stop() (waits, distribution, error) {
	_ = b.input.Close()
	var o observations
	err := gob.NewDecoder(b.output).Decode(&o)
	if err = errors.Join(err, b.wait()); err != nil {
		return nil, nil, err
	}
	if o.Error != "" {
		err = fmt.Errorf("bystander: %s", o.Error)
	}
	seen := make(waits, len(o.Took))
	for i := range seen {
		seen[i] = wait{instant(o.Due[i]), time.Duration(o.Took[i])}
	}
	late := make(distribution, len(o.Late))
	for i := range late {
		late[i] = time.Duration(o.Late[i])
	}
	return seen, late, err
}
