package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"syscall"
	"time"
)

// maxReruns bounds how often a unit that hangs is run again without the hanging test.
const maxReruns = 6

// runUnits runs the units, several at once, and returns their outcomes in the order of o.units.
func runUnits(ctx context.Context, o options, known *exceptions, expected reference) ([]*outcome, error) {
	outcomes := make([]*outcome, len(o.units))
	errs := make([]error, o.workers)
	next := make(chan int)
	var wg sync.WaitGroup
	for w := range o.workers {
		wg.Go(func() {
			place, err := newWorkplace(o)
			errs[w] = err
			for i := range next {
				if err == nil {
					outcomes[i] = place.runUnit(ctx, o.units[i], known, expected[o.units[i]])
				}
			}
			if err == nil {
				place.close()
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

// runUnit runs a unit, and again without the tests that hang, until it comes to its end.
func (p *workplace) runUnit(ctx context.Context, unit string, known *exceptions, expected []string) *outcome {
	var skip []string
	if !p.o.trySkipped {
		skip = known.skips(unit)
	}
	hangs := map[string]bool{}
	for {
		out := p.runOnce(ctx, unit, skip)
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

func (p *workplace) runOnce(ctx context.Context, unit string, skip []string) *outcome {
	o, out := p.o, newOutcome(unit)
	ctx, cancel := context.WithTimeout(ctx, o.unitLimit)
	defer cancel()
	args := []string{"tests/test_helper.tcl", "--durable", "--clients", "1", "--single", unit,
		"--timeout", strconv.Itoa(int(o.idle.Seconds())),
		"--baseport", strconv.Itoa(p.ports.first()), "--portcount", strconv.Itoa(p.ports.count())}
	if o.keep {
		args = append(args, "--dont-clean")
	}
	if o.mode == "external" {
		stop, err := p.startExternal(ctx)
		if err != nil {
			out.failed[outside] = err.Error()
			return out
		}
		defer stop()
		args = append(args, "--host", "127.0.0.1", "--port", strconv.Itoa(p.ports.external()))
	}
	for _, test := range skip {
		args = append(args, "--skiptest", test)
	}
	cmd := exec.CommandContext(ctx, "tclsh", args...)
	// Without xterm in TERM the suite does not colour its output.
	cmd.Env = append(os.Environ(), "TERM=dumb")
	output, err := capture(cmd, p.tree)
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

func tail(output []byte) string {
	output = bytes.TrimSpace(output)
	if len(output) > 600 {
		output = output[len(output)-600:]
	}
	return string(output)
}
