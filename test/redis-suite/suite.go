package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"
)

const (
	// Each worker has its own ports, below the ephemeral range and away from the suite's default of 21111. The suite
	// uses some below its first port for itself; the last one is for the external server.
	firstPort      = 23100
	portsPerWorker = 500
	ownPorts       = 64

	// A unit that hangs is run again without the hanging test, at most this often.
	maxReruns = 6
)

// runUnits runs the units, several at once, and returns their outcomes in the order of o.units.
func runUnits(ctx context.Context, o options, known *exceptions, expected reference) ([]*outcome, error) {
	outcomes := make([]*outcome, len(o.units))
	errs := make([]error, o.workers)
	next := make(chan int)
	var wg sync.WaitGroup
	for w := range o.workers {
		wg.Go(func() {
			tree, err := newTree(o)
			if err != nil {
				errs[w] = err
			} else if !o.keep {
				defer os.RemoveAll(tree)
			} else {
				fmt.Println("keeping", tree)
			}
			for i := range next {
				if err == nil {
					outcomes[i] = runUnit(ctx, o, tree, firstPort+w*portsPerWorker+ownPorts, o.units[i], known, expected[o.units[i]])
				}
			}
		})
	}
	for i := range o.units {
		next <- i
	}
	close(next)
	wg.Wait()
	return outcomes, errors.Join(errs...)
}

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
	script := fmt.Sprintf("#!/bin/sh\nexec '%s' serve \"$@\"\n", o.server)
	return tree, os.WriteFile(wrapper, []byte(script), 0o755)
}

func isRedis(server string) bool { return filepath.Base(server) == "redis-server" }

// runUnit runs a unit, and again without the tests that hang, until it comes to its end.
func runUnit(ctx context.Context, o options, tree string, port int, unit string, known *exceptions, expected []string) *outcome {
	var skip []string
	if !o.trySkipped {
		skip = known.skips(unit)
	}
	hangs := map[string]bool{}
	for {
		out := runOnce(ctx, o, tree, port, unit, skip)
		for test := range hangs {
			delete(out.skipped, test)
			out.failed[test] = hung
		}
		culprit := out.culprit(expected)
		if culprit == "" || len(hangs) >= maxReruns || ctx.Err() != nil {
			return out
		}
		hangs[culprit] = true
		skip = append(skip, culprit)
	}
}

func runOnce(ctx context.Context, o options, tree string, port int, unit string, skip []string) *outcome {
	out := newOutcome(unit)
	ctx, cancel := context.WithTimeout(ctx, o.unitLimit)
	defer cancel()
	args := []string{"tests/test_helper.tcl", "--durable", "--clients", "1", "--single", unit,
		"--timeout", strconv.Itoa(int(o.idle.Seconds())),
		"--baseport", strconv.Itoa(port), "--portcount", strconv.Itoa(portsPerWorker - 2*ownPorts)}
	if o.keep {
		args = append(args, "--dont-clean")
	}
	if o.mode == "external" {
		external := port + portsPerWorker - 2*ownPorts + 1
		stop, err := startExternal(ctx, o, tree, external)
		if err != nil {
			out.failed[outside] = err.Error()
			return out
		}
		defer stop()
		args = append(args, "--host", "127.0.0.1", "--port", strconv.Itoa(external))
	}
	for _, test := range skip {
		args = append(args, "--skiptest", test)
	}
	cmd := exec.CommandContext(ctx, "tclsh", args...)
	// Without xterm in TERM the suite does not colour its output.
	cmd.Env = append(os.Environ(), "TERM=dumb")
	output, err := capture(cmd, tree)
	var echo io.Writer
	if o.verbose {
		echo = os.Stdout
	}
	if readErr := out.read(bytes.NewReader(output), echo); readErr != nil {
		err = errors.Join(err, readErr)
	}
	if !out.done && !out.stuck {
		if out.failed[outside] != "" {
			out.failed[outside] += "\n"
		}
		out.failed[outside] += fmt.Sprintf("the unit did not come to its end: %v: %s", err, tail(output))
	}
	return out
}

// capture runs the command in its own process group, and ends the whole group with it: the servers that the suite
// has started are not ours to wait for otherwise.
func capture(cmd *exec.Cmd, dir string) ([]byte, error) {
	var output bytes.Buffer
	cmd.Dir = dir
	cmd.Stdout, cmd.Stderr = &output, &output
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = 5 * time.Second
	err := cmd.Run()
	if cmd.Process != nil {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	}
	return output.Bytes(), err
}

// preflight starts and stops the server once. The suite waits two minutes for each start of a server that does not
// come up, and starts some hundred of them.
func preflight(ctx context.Context, o options) error {
	tree, err := newTree(o)
	if err != nil {
		return err
	}
	defer os.RemoveAll(tree)
	stop, err := startExternal(ctx, o, tree, firstPort)
	if err != nil {
		return err
	}
	stop()
	return nil
}

// startExternal starts the server under test as a user would, and waits until it accepts connections.
func startExternal(ctx context.Context, o options, tree string, port int) (func(), error) {
	dir, err := os.MkdirTemp(filepath.Join(tree, "tests/tmp"), "external.")
	if err != nil {
		return nil, err
	}
	args := []string{"--port", strconv.Itoa(port), "--dir", dir, "--save", "", "--enable-debug-command", "yes"}
	log, err := os.Create(filepath.Join(dir, "stdout"))
	if err != nil {
		return nil, err
	}
	defer log.Close()
	cmd := exec.CommandContext(ctx, filepath.Join(tree, "src/redis-server"), args...)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	stop := func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
	}
	for range 200 {
		conn, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
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

func tail(output []byte) string {
	output = bytes.TrimSpace(output)
	if len(output) > 600 {
		output = output[len(output)-600:]
	}
	return string(output)
}
