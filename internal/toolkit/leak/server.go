package leak

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"time"

	"github.com/curfewkv/curfew/internal/toolkit/connect"
)

// startLimit bounds how long the server may take until it answers.
const startLimit = 10 * time.Second

// A server is one that is thrown away.
type server struct {
	cmd    *exec.Cmd
	dir    string
	target *connect.Target
	output *bytes.Buffer // read after the end only
	ended  chan error
}

// startServer starts a server on a free port of this host, with an empty folder, and connects.
func startServer(ctx context.Context, command []string) (*server, error) {
	if len(command) == 0 {
		return nil, errors.New("nothing says how to start a server")
	}
	dir, err := os.MkdirTemp("", "curfew-leak-")
	if err != nil {
		return nil, err
	}
	port, err := freePort()
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	args := append(append([]string{}, command[1:]...), "--port", strconv.Itoa(port), "--bind", "127.0.0.1", "--dir", dir, "--save", "", "--appendonly", "no")
	s := &server{cmd: exec.Command(command[0], args...), dir: dir, output: &bytes.Buffer{}, ended: make(chan error, 1)}
	s.cmd.Stdout, s.cmd.Stderr = s.output, s.output
	// ^C at the terminal is for the demonstration, which then stops the server itself.
	s.cmd.SysProcAttr = apart()
	if err := s.cmd.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("starting a server: %w", err), os.RemoveAll(dir))
	}
	go func() { s.ended <- s.cmd.Wait() }()
	if err := s.connect(ctx, net.JoinHostPort("127.0.0.1", strconv.Itoa(port))); err != nil {
		s.stop()
		return nil, err
	}
	return s, nil
}

func (s *server) connect(ctx context.Context, addr string) error {
	limit := time.Now().Add(startLimit)
	for {
		target, err := connect.Open(ctx, connect.Options{Addrs: []string{addr}, Cluster: "no"})
		if err == nil {
			s.target = target
			return nil
		}
		select {
		case err := <-s.ended:
			s.ended <- err
			return fmt.Errorf("the server ended at its start (%w): %s", err, bytes.TrimSpace(s.output.Bytes()))
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
		if time.Now().After(limit) {
			return fmt.Errorf("the server does not answer within %v: %w", startLimit, err)
		}
	}
}

// stop ends the server and leaves nothing of it.
func (s *server) stop() {
	if s.target != nil {
		s.target.Close()
	}
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-s.ended:
	case <-time.After(5 * time.Second):
		_ = s.cmd.Process.Kill()
		<-s.ended
	}
	_ = os.RemoveAll(s.dir)
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}
