package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// Launcher provides the server of one contender.
type Launcher interface {
	Name() string
	// Launch provides an empty server, and the function that ends what Launch began.
	Launch(ctx context.Context) (t *Target, stop func() error, err error)
	// relaunch replaces the server of t by an empty one; t's stop function ends that one.
	relaunch(ctx context.Context, t *Target) (*Target, error)
}

// startTimeout bounds how long a server may take until it answers.
const startTimeout = 10 * time.Second

// Program starts a fresh server for every measurement.
type Program struct {
	Label string
	Path  string
	Args  []string // before the configuration, such as "serve"
	Core  int      // negative: any
	// Config are "--name value" arguments as redis-server takes them, the same for all contenders.
	Config []string

	cmd  *exec.Cmd
	dir  string
	exit chan error
}

// DefaultConfig turns off persistence, and lets the idle scenario connect.
func DefaultConfig() []string {
	return []string{"--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--maxclients", "20000"}
}

// Name returns the contender's name.
func (p *Program) Name() string { return p.Label }

// Launch starts the program on a free port and waits until it answers.
func (p *Program) Launch(ctx context.Context) (*Target, func() error, error) {
	t, err := p.start(ctx)
	if err != nil {
		return nil, nil, errors.Join(err, p.stop())
	}
	return t, p.stop, nil
}

func (p *Program) relaunch(ctx context.Context, _ *Target) (*Target, error) {
	if err := p.stop(); err != nil {
		return nil, err
	}
	return p.start(ctx)
}

func (p *Program) start(ctx context.Context) (*Target, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	if p.dir, err = os.MkdirTemp("", "curfew-bench-"); err != nil {
		return nil, err
	}
	args := append([]string{}, p.Args...)
	args = append(args, "--port", strconv.Itoa(port), "--dir", p.dir)
	args = append(args, p.Config...)
	cmd := exec.Command(p.Path, args...)
	log, err := os.Create(filepath.Join(p.dir, "log"))
	if err != nil {
		return nil, err
	}
	defer log.Close() // the child has its own
	cmd.Stdout, cmd.Stderr = log, log
	if err := onCore(p.Core, cmd.Start); err != nil {
		return nil, fmt.Errorf("start %s: %w", p.Label, err)
	}
	p.cmd, p.exit = cmd, make(chan error, 1)
	go func(exit chan error) { exit <- cmd.Wait() }(p.exit)
	t := &Target{Name: p.Label, Addr: net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), Process: process(cmd.Process.Pid), launcher: p}
	return t, p.await(ctx, t)
}

// await returns once the server answers and has loaded its data.
func (p *Program) await(ctx context.Context, t *Target) error {
	deadline := time.Now().Add(startTimeout)
	for {
		if err := t.dial(); err == nil {
			err = t.do("INFO", "server")
			_ = t.conn.Close() // only a probe
			if err == nil {
				return nil
			}
		}
		select {
		case err := <-p.exit:
			p.exit <- err // for stop
			return fmt.Errorf("%s ended before it answered (%v): %s", p.Label, err, p.lastWords())
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(5 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%s does not answer within %v: %s", p.Label, startTimeout, p.lastWords())
		}
	}
}

// lastWords returns the end of the server's log.
func (p *Program) lastWords() string {
	text, err := os.ReadFile(filepath.Join(p.dir, "log"))
	if err != nil {
		return "no log"
	}
	text = bytes.TrimSpace(text)
	return string(text[max(0, len(text)-600):])
}

// stop ends the server, whatever state it is in.
func (p *Program) stop() error {
	if p.dir != "" {
		defer os.RemoveAll(p.dir)
		p.dir = ""
	}
	if p.cmd == nil {
		return nil
	}
	defer func() { p.cmd = nil }()
	if err := p.cmd.Process.Signal(unix.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case <-p.exit:
		return nil // how it ended does not matter: it was empty or is not needed any more
	case <-time.After(5 * time.Second):
	}
	err := p.cmd.Process.Kill()
	<-p.exit
	return err
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	port := l.Addr().(*net.TCPAddr).Port
	return port, l.Close()
}

// Running is a server that is there already. It is emptied before every measurement, and keeps its settings but for
// those that a scenario changes.
type Running struct {
	Label string
	Addr  string
}

// Name returns the contender's name.
func (r *Running) Name() string { return r.Label }

// Launch connects to the server and empties it.
func (r *Running) Launch(ctx context.Context) (*Target, func() error, error) {
	t, err := r.relaunch(ctx, &Target{})
	return t, func() error { return nil }, err
}

func (r *Running) relaunch(context.Context, *Target) (*Target, error) {
	t := &Target{Name: r.Label, Addr: r.Addr, launcher: r}
	if err := t.dial(); err != nil {
		return nil, err
	}
	defer func() { _ = t.conn.Close() }()
	for _, setting := range [...][2]string{{"maxmemory", "0"}, {"maxmemory-policy", "noeviction"}, {"notify-keyspace-events", ""}} {
		if err := t.do("CONFIG", "SET", setting[0], setting[1]); err != nil {
			return nil, err
		}
	}
	if err := t.do("FLUSHALL"); err != nil {
		return nil, err
	}
	// Without its process (on another machine, in a container) figures of processor time and RSS are missing.
	host, err := net.ResolveTCPAddr("tcp", t.Addr)
	if err != nil || !host.IP.IsLoopback() {
		return t, nil
	}
	if id, err := t.infoNumber("server", "process_id"); err == nil {
		t.Process = process(id)
		if _, err := t.Process.rss(); err != nil {
			t.Process = 0
		}
	}
	return t, nil
}
