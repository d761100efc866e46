package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// A workplace is what one worker runs units with: a folder that the suite takes for Redis's source tree, and ports.
type workplace struct {
	o     options
	tree  string
	ports *ports
}

func newWorkplace(o options) (*workplace, error) {
	tree, err := newTree(o)
	if err != nil {
		return nil, err
	}
	ports, err := claimPorts()
	if err != nil {
		os.RemoveAll(tree)
		return nil, err
	}
	return &workplace{o, tree, ports}, nil
}

func (p *workplace) close() {
	p.ports.claim.Close()
	if p.o.keep {
		fmt.Println("keeping", p.tree)
		return
	}
	os.RemoveAll(p.tree)
}

// ports is a range of ports that no other worker uses, of this run or of another one on this machine.
type ports struct {
	base  int
	claim net.Listener // listens on base for as long as the range is taken
}

// The ranges lie below the ephemeral ports and away from the suite's default of 21111.
const (
	firstRange = 22000
	lastRange  = 31500
	rangeSize  = 500
	// The suite takes some ports below those of the servers for itself.
	belowServers = 64
)

func claimPorts() (*ports, error) {
	for base := firstRange; base <= lastRange; base += rangeSize {
		if l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(base))); err == nil {
			return &ports{base, l}, nil
		}
	}
	return nil, errors.New("all ranges of ports are taken")
}

func (p *ports) first() int    { return p.base + belowServers }
func (p *ports) count() int    { return rangeSize - 2*belowServers }
func (p *ports) external() int { return p.base + rangeSize - 1 }

// newTree makes a folder that looks like a built Redis source tree to the suite, with the server under test in the
// place of src/redis-server. Every worker needs its own, because the suite empties tests/tmp when it starts. It lies
// in the system's temporary folder: a Unix socket's path in it must stay below 108 bytes.
func newTree(o options) (string, error) {
	tree, err := os.MkdirTemp("", "redis-suite-")
	if err != nil {
		return "", err
	}
	source, err := filepath.Abs(o.source)
	if err != nil {
		return "", err
	}
	if err := errors.Join(os.MkdirAll(filepath.Join(tree, "tests/tmp"), 0o755), os.Mkdir(filepath.Join(tree, "src"), 0o755)); err != nil {
		return "", err
	}
	entries, err := os.ReadDir(filepath.Join(source, "tests"))
	if err != nil {
		return "", fmt.Errorf("the suite is not there (scripts/fetch-redis-suite fetches it): %w", err)
	}
	for _, e := range entries {
		if e.Name() == "tmp" {
			continue
		}
		if err := os.Symlink(filepath.Join(source, "tests", e.Name()), filepath.Join(tree, "tests", e.Name())); err != nil {
			return "", err
		}
	}
	for _, tool := range []string{"redis-cli", "redis-benchmark"} {
		path, err := exec.LookPath(tool)
		if err != nil {
			return "", err
		}
		if err := os.Symlink(path, filepath.Join(tree, "src", tool)); err != nil {
			return "", err
		}
	}
	wrapper := filepath.Join(tree, "src/redis-server")
	if isRedis(o.server) {
		return tree, os.Symlink(o.server, wrapper)
	}
	more := ""
	if name := os.Getenv("CURFEW_TRANSPORT"); name != "" {
		more = " --transport " + name // unit/introspection, which is about arguments, cannot be run so
	}
	script := fmt.Sprintf("#!/bin/sh\nexec '%s' serve \"$@\"%s\n", o.server, more)
	return tree, os.WriteFile(wrapper, []byte(script), 0o755)
}

func isRedis(server string) bool { return filepath.Base(server) == "redis-server" }

// preflight starts and stops the server once. The suite waits two minutes for each start of a server that does not
// come up, and starts some hundred of them.
func preflight(ctx context.Context, o options) error {
	place, err := newWorkplace(o)
	if err != nil {
		return err
	}
	defer place.close()
	stop, err := place.startExternal(ctx)
	if err != nil {
		return err
	}
	stop()
	return nil
}

// startExternal starts the server under test as a user would, and waits until it accepts connections.
func (p *workplace) startExternal(ctx context.Context) (func(), error) {
	port := strconv.Itoa(p.ports.external())
	dir, err := os.MkdirTemp(filepath.Join(p.tree, "tests/tmp"), "external.")
	if err != nil {
		return nil, err
	}
	args := []string{"--port", port, "--dir", dir, "--save", "", "--enable-debug-command", "yes"}
	log, err := os.Create(filepath.Join(dir, "stdout"))
	if err != nil {
		return nil, err
	}
	defer log.Close()
	cmd := exec.CommandContext(ctx, filepath.Join(p.tree, "src/redis-server"), args...)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	stop := func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
	}
	for range 200 {
		conn, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", port))
		if err == nil {
			conn.Close()
			return stop, nil
		}
		time.Sleep(50 * time.Millisecond)
	}
	stop()
	text, _ := os.ReadFile(log.Name())
	return nil, fmt.Errorf("the server does not accept connections: %s", tail(text))
}
