package rig

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// startLimit bounds how long a server may take until it answers.
const startLimit = 20 * time.Second

// A Server is a running server process with an empty folder of its own, on a free port of 127.0.0.1.
type Server struct {
	Name string // "redis" or "curfew"
	Addr string

	path    string
	args    []string // before the settings
	bare    bool     // a Sentinel, which has no data and refuses settings for it
	bus     int      // the port that nodes of a Cluster talk to each other on
	options []string // settings, as --name value
	dir     string
	log     string
	cmd     *exec.Cmd
	exited  chan struct{} // closed when the process has ended
}

// Redis starts redis-server with the given settings ("--name", "value", ...), and stops it with the test.
func Redis(t testing.TB, options ...string) *Server {
	t.Helper()
	path, err := exec.LookPath("redis-server")
	if err != nil {
		t.Fatalf("redis-server is not installed; `make deps` installs it: %v", err)
	}
	return launch(t, &Server{Name: "redis", path: path, options: options})
}

// Curfew starts Curfew's server with the given settings, and stops it with the test. CURFEW_SERVER names another
// binary to test; with redis-server there, a test compares Redis with itself, which is how the tests are tested.
// CURFEW_TRANSPORT names a transport other than the usual one.
func Curfew(t testing.TB, options ...string) *Server {
	t.Helper()
	s := &Server{Name: "curfew", path: os.Getenv("CURFEW_SERVER"), options: options}
	if s.path == "" {
		s.path = built(t)
	}
	if filepath.Base(s.path) == "redis-server" {
		s.Name = "redis in Curfew's place"
	} else {
		s.args = []string{"serve"}
		if name := os.Getenv("CURFEW_TRANSPORT"); name != "" {
			s.options = append([]string{"--transport", name}, options...)
		}
	}
	return launch(t, s)
}

var build struct {
	once sync.Once
	path string
	err  error
}

// built compiles cmd/curfew once for the test process. The binary lies in the git-ignored .cache and is shared by the tests of
// all packages: the first of them links it, and go build sees that it is up to date for the others.
func built(t testing.TB) string {
	t.Helper()
	build.once.Do(func() {
		_, here, _, _ := runtime.Caller(0)
		root := filepath.Join(filepath.Dir(here), "..", "..")
		name, args := "curfew", []string{"build"}
		if RaceEnabled {
			name, args = "curfew-race", append(args, "-race")
		}
		build.path = filepath.Join(root, ".cache", "rig", name)
		var unlock func()
		if unlock, build.err = lock(build.path + ".lock"); build.err != nil {
			return
		}
		defer unlock()
		cmd := exec.Command("go", append(args, "-o", build.path, "./cmd/curfew")...)
		cmd.Dir = root
		if out, err := cmd.CombinedOutput(); err != nil {
			build.err = fmt.Errorf("%w: %s", err, out)
		}
	})
	if build.err != nil {
		t.Fatalf("building cmd/curfew: %v", build.err)
	}
	return build.path
}

// lock waits until no other process has the file: test binaries of several packages run at once.
func lock(path string) (unlock func(), err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return func() { _ = f.Close() }, nil // and with the file goes the lock
}

func launch(t testing.TB, s *Server) *Server {
	t.Helper()
	s.dir = t.TempDir()
	s.log = filepath.Join(s.dir, "log")
	if err := s.start(); err != nil {
		t.Fatalf("%s does not start: %v", s.Name, err)
	}
	t.Cleanup(func() {
		s.Stop()
		if t.Failed() {
			if text := s.Log(); strings.Contains(text, "panic") || strings.Contains(text, "DATA RACE") {
				t.Logf("log of %s:\n%s", s.Name, text)
			}
		}
	})
	return s
}

// start tries a few ports: between finding a free one and binding it, another process can take it.
func (s *Server) start() error {
	var err error
	for range 3 {
		if err = s.startOnce(); err == nil {
			return nil
		}
	}
	return err
}

func (s *Server) startOnce() error {
	port, err := freePort()
	if err != nil {
		return err
	}
	s.Addr = net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	args := append([]string{}, s.args...)
	args = append(args, "--port", strconv.Itoa(port), "--bind", "127.0.0.1", "--dir", s.dir)
	if !s.bare {
		args = append(args, "--save", "", "--appendonly", "no")
	}
	args = append(args, s.options...)
	log, err := os.OpenFile(s.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := exec.Command(s.path, args...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = tied()
	exited := make(chan struct{})
	started := make(chan error)
	go func() {
		// The parent-death signal is tied to the thread that starts the child.
		runtime.LockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait()
			close(exited)
		}
	}()
	if err := <-started; err != nil {
		return err
	}
	s.cmd, s.exited = cmd, exited
	if err := s.waitReady(); err != nil {
		s.Stop()
		return fmt.Errorf("%w; its log: %s", err, lastLines(s.Log()))
	}
	return nil
}

func (s *Server) waitReady() error {
	ctx, cancel := context.WithTimeout(context.Background(), startLimit)
	defer cancel()
	for {
		if c, err := Dial(s); err == nil {
			reply, err := c.Do("PING")
			c.Close()
			// With a password set, the answer is an error; that is an answer. Loading is not over yet.
			if err == nil && !strings.HasPrefix(reply.Text, "LOADING") {
				return nil
			}
		}
		select {
		case <-s.exited:
			return errors.New("it has ended")
		case <-ctx.Done():
			return fmt.Errorf("no answer after %v", startLimit)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// Alive reports whether the process is still running.
func (s *Server) Alive() bool {
	select {
	case <-s.exited:
		return false
	default:
		return true
	}
}

// Restart starts the server again, after a crash or Stop, with the same settings. Its address may change.
func (s *Server) Restart() error {
	s.Stop()
	return s.start()
}

// Stop ends the process, politely at first, and waits for its end.
func (s *Server) Stop() {
	if !s.Alive() {
		return
	}
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-s.exited:
	case <-time.After(5 * time.Second):
		_ = s.cmd.Process.Kill()
		<-s.exited
	}
}

// Kill ends the process as a crash would.
func (s *Server) Kill() {
	_ = s.cmd.Process.Kill()
	<-s.exited
}

// Restricted are settings of a redis-server in which the commands that managed services refuse are renamed away.
var Restricted = []string{
	"--rename-command", "CONFIG", "", "--rename-command", "DEBUG", "", "--rename-command", "KEYS", "",
}

// PID returns the process's id.
func (s *Server) PID() int { return s.cmd.Process.Pid }

// Log returns what the server has printed.
func (s *Server) Log() string {
	text, err := os.ReadFile(s.log)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// RSS returns the resident memory of the process in bytes.
func (s *Server) RSS() (int64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", s.PID()))
	if err != nil {
		return 0, err
	}
	fields := bytes.Fields(text)
	if len(fields) < 2 {
		return 0, fmt.Errorf("statm: %q", text)
	}
	pages, err := strconv.ParseInt(string(fields[1]), 10, 64)
	return pages * int64(os.Getpagesize()), err
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

func lastLines(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-30):], "\n")
}

// Binary is the path of Curfew's program, built for this test process.
func Binary(t testing.TB) string {
	t.Helper()
	return built(t)
}
