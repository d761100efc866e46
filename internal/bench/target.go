package bench

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/curfewkv/curfew/resp"
)

// Progress shows how far a long step has come. total may be -1.
type Progress func(label string, total int64) (update func(done int64), finish func())

// Target is a server under measurement. It is not for concurrent use.
type Target struct {
	Name    string // of the contender
	Addr    string
	Process process // 0 where it is not known

	launcher Launcher
	progress Progress
	conn     *resp.Conn
	// late collects how late the bystanders' driver woke up, to tell its noise from the server's.
	late distribution
}

// dial opens the control connection, which do and info use.
func (t *Target) dial() error {
	conn, err := resp.Dial(t.Addr)
	if err != nil {
		return err
	}
	t.conn = conn
	return nil
}

// ask sends one request over the control connection. An error reply is an error.
func (t *Target) ask(args ...string) (resp.Value, error) {
	if err := t.conn.SetDeadline(time.Now().Add(replyTimeout)); err != nil {
		return resp.Value{}, err
	}
	v, err := t.conn.Do(args...)
	if err == nil {
		err = v.Err()
	}
	if err != nil {
		return v, fmt.Errorf("%s: %w", strings.Join(args[:min(len(args), 3)], " "), err)
	}
	return v, nil
}

// do is ask for requests whose reply says nothing but that they succeeded.
func (t *Target) do(args ...string) error {
	_, err := t.ask(args...)
	return err
}

// info returns INFO's fields by name. Sections keep it cheap for the server.
func (t *Target) info(section string) (map[string]string, error) {
	v, err := t.ask("INFO", section)
	if err != nil {
		return nil, err
	}
	fields := make(map[string]string)
	for line := range strings.Lines(v.Str) {
		if name, value, ok := strings.Cut(strings.TrimRight(line, "\r\n"), ":"); ok {
			fields[name] = value
		}
	}
	return fields, nil
}

// infoNumber returns one of INFO's numbers.
func (t *Target) infoNumber(section, name string) (float64, error) {
	fields, err := t.info(section)
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseFloat(fields[name], 64)
	if err != nil {
		return 0, fmt.Errorf("INFO %s: %s is %q: %w", section, name, fields[name], err)
	}
	return n, nil
}

func (t *Target) usedMemory() (float64, error) { return t.infoNumber("memory", "used_memory") }

// footprint is the memory that a server takes, in bytes.
type footprint struct {
	used, rss float64
	rssKnown  bool // not so for servers on other machines
}

// settle is how long a server gets to come to rest before its memory is looked at.
const settle = 300 * time.Millisecond

// footprint measures memory after the server has come to rest.
func (t *Target) footprint(ctx context.Context) (f footprint, err error) {
	if err := pause(ctx, settle); err != nil {
		return f, err
	}
	if f.used, err = t.usedMemory(); err != nil {
		return f, err
	}
	f.rss, err = t.Process.rss()
	if f.rssKnown = err == nil; errors.Is(err, errNoProcess) {
		err = nil
	}
	return f, err
}

// reset empties the server: one that was started for the measurement is replaced by a fresh one.
func (t *Target) reset(ctx context.Context) error {
	if err := t.conn.Close(); err != nil {
		return err
	}
	fresh, err := t.launcher.relaunch(ctx, t)
	if err != nil {
		return err
	}
	t.Addr, t.Process = fresh.Addr, fresh.Process
	return t.dial()
}

// pipelined is the shape of loads that fill a server: enough to keep it busy, little enough that no other client waits
// long behind them.
const (
	fillConnections = 8
	fillPipeline    = 16
)

// fill sends n requests and fails if any of them does.
func (t *Target) fill(ctx context.Context, label string, n int64, command func([]byte, int64) []byte) (loadResult, error) {
	update, finish := t.progress(t.Name+": "+label, n)
	defer finish()
	l := load{
		addr: t.Addr, connections: fillConnections, pipeline: fillPipeline, requests: n, command: command, progress: update,
	}
	r, err := l.run(ctx)
	if err == nil {
		err = r.check()
	}
	if err != nil {
		return r, fmt.Errorf("%s: %w", label, err)
	}
	return r, nil
}

// stopBystander ends b and keeps the driver's lateness.
func (t *Target) stopBystander(b *bystander) (waits, error) {
	seen, late, err := b.stop()
	t.late = append(t.late, late...)
	return seen, err
}

// pause waits, unless ctx ends first.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
