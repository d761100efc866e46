package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"syscall"
	"time"

	"github.com/curfewkv/curfew/internal/toolkit/connect"
)

// result is what was seen in a phase.
type result struct {
	name      string
	audits    int
	took      []time.Duration // of each audit that came to its end
	unended   bool            // the last audit was still at work
	overdue   []int           // keys past their deadline that were there, over time
	memory    int64           // at the end
	latencies []time.Duration
}

func (r *result) overdueMean() int {
	sum := 0
	for _, n := range r.overdue {
		sum += n
	}
	return sum / max(1, len(r.overdue))
}

func measure(ctx context.Context, dir string, s settings, p phase) (result, error) {
	r := result{name: p.name}
	server, err := startServer(ctx, dir)
	if err != nil {
		return r, err
	}
	defer server.stop()
	if err := server.fill(ctx, s.background); err != nil {
		return r, err
	}
	network, err := newNetwork("127.0.0.1:"+server.port, s.roundTrip)
	if err != nil {
		return r, err
	}
	defer network.close()
	runtime.GC() // of the driver, rather now than later
	loading, endLoad := context.WithCancel(ctx)
	load, ended := newLoad(s, server.port), make(chan error, 1)
	go func() { ended <- load.run(loading) }()
	defer endLoad()
	if err := sleep(ctx, s.settle); err != nil {
		return r, err
	}
	load.measure()
	phase, endPhase := context.WithTimeout(ctx, s.phase)
	defer endPhase()
	audited := make(chan error, 1)
	go func() { audited <- r.audit(phase, s, p, network.port()) }()
	if err := r.watch(phase, s, server, load); err != nil {
		return r, err
	}
	if err := <-audited; err != nil {
		return r, err
	}
	r.latencies = load.measured()
	endLoad()
	if err := <-ended; err != nil {
		return r, err
	}
	text, err := server.client.Info(ctx, "memory").Result()
	if err != nil {
		return r, err
	}
	r.memory, err = strconv.ParseInt(connect.Fields(text)["used_memory"], 10, 64)
	slices.Sort(r.latencies)
	return r, errors.Join(err, ctx.Err())
}

// audit runs the command again and again.
func (r *result) audit(ctx context.Context, s settings, p phase, port string) error {
	if p.command == "" {
		return nil
	}
	for ctx.Err() == nil {
		cmd := exec.Command("sh", "-c", p.command)
		cmd.Env = append(cmd.Environ(), "PORT="+port)
		cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
		var out bytes.Buffer
		cmd.Stderr, cmd.Stdout = &out, io.Discard
		begin := time.Now()
		if err := cmd.Start(); err != nil {
			return err
		}
		ended := make(chan error, 1)
		go func() { ended <- cmd.Wait() }()
		select {
		case err := <-ended:
			if err != nil {
				return fmt.Errorf("%s: %w: %s", p.command, err, out.String())
			}
			r.audits++
			r.took = append(r.took, time.Since(begin))
		case <-ctx.Done():
			_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // all of the pipe
			<-ended
			r.unended = true
			return nil
		}
		_ = sleep(ctx, s.pause)
	}
	return nil
}

// watch counts the keys that are there and should not be.
func (r *result) watch(ctx context.Context, s settings, server *server, load *load) error {
	for sleep(ctx, 250*time.Millisecond) == nil {
		before := load.alive(time.Now())
		there, err := server.client.DBSize(context.WithoutCancel(ctx)).Result()
		if err != nil {
			return fmt.Errorf("DBSIZE: %w", err)
		}
		alive := (before + load.alive(time.Now())) / 2
		r.overdue = append(r.overdue, max(0, int(there)-s.background-alive))
	}
	return nil
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
