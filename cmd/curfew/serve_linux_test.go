package main

import (
	"bufio"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/curfewkv/curfew/test/rig"
)

// serving is a server process whose standard output is a pipe that the test reads, with a unix socket and a pid file.
type serving struct {
	t           *testing.T
	cmd         *exec.Cmd
	stdout      io.ReadCloser
	socket, pid string
}

func startServing(t *testing.T) *serving {
	t.Helper()
	dir := t.TempDir()
	s := &serving{t: t, socket: filepath.Join(dir, "socket"), pid: filepath.Join(dir, "pid")}
	s.cmd = exec.Command(rig.Binary(t), "serve", "--port", "0", "--unixsocket", s.socket, "--pidfile", s.pid, "--dir", dir)
	var err error
	if s.stdout, err = s.cmd.StdoutPipe(); err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = s.cmd.Process.Kill() // it has ended where the test passes
	})
	log := bufio.NewScanner(s.stdout)
	for log.Scan() {
		if strings.Contains(log.Text(), "Ready to accept connections") {
			return s
		}
	}
	t.Fatal("the server does not start")
	return nil
}

// ask sends a line on a connection of its own and returns all that comes back until the server, asked by QUIT, closes it.
func (s *serving) ask(line string) string {
	s.t.Helper()
	conn, err := net.Dial("unix", s.socket)
	if err != nil {
		s.t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		s.t.Fatal(err)
	}
	if _, err := io.WriteString(conn, line+"\r\nQUIT\r\n"); err != nil {
		s.t.Fatal(err)
	}
	reply, err := io.ReadAll(conn)
	if err != nil {
		s.t.Errorf("%s: %v", line, err)
	}
	return string(reply)
}

// ends asks the server to end and checks that it leaves nothing behind.
func (s *serving) ends() {
	s.t.Helper()
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		s.t.Fatal(err)
	}
	if err := s.cmd.Wait(); err != nil {
		s.t.Errorf("it ended with %v", err)
	}
	for _, name := range []string{s.socket, s.pid} {
		if _, err := os.Stat(name); err == nil {
			s.t.Errorf("%s is left", name)
		}
	}
}

// A terminal that is closed sends SIGHUP to what was started in it; redis-server ignores it.
func TestHangupDoesNotEndTheServer(t *testing.T) {
	s := startServing(t)
	if err := s.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	if got := s.ask("PING"); got != "+PONG\r\n+OK\r\n" {
		t.Errorf("after SIGHUP: %q", got)
	}
	s.ends()
}

// Whoever read the log may be gone, and then a client can cause the next line.
func TestLogThatNobodyReadsDoesNotEndTheServer(t *testing.T) {
	s := startServing(t)
	s.stdout.Close()
	s.ask("POST / HTTP/1.1") // logged as a possible attack
	if got := s.ask("PING"); got != "+PONG\r\n+OK\r\n" {
		t.Errorf("after a line that nobody read: %q", got)
	}
	s.ends()
}

// With more clients than the limit of open files allows, connections would be left waiting without an answer.
func TestMaxclientsIsHeldToTheLimitOfOpenFiles(t *testing.T) {
	s := startServing(t)
	limit := unix.Rlimit{Cur: 300, Max: 300}
	if err := unix.Prlimit(s.cmd.Process.Pid, unix.RLIMIT_NOFILE, &limit, nil); err != nil {
		t.Fatal(err)
	}
	const refused = "-ERR CONFIG SET failed (possibly related to argument 'maxclients') - " +
		"The operating system is not able to handle the specified number of clients, try with 268\r\n+OK\r\n"
	if got := s.ask("CONFIG SET maxclients 100000000"); got != refused { // more than the system allows any process
		t.Errorf("%q", got)
	}
	if got := s.ask("CONFIG GET maxclients"); !strings.Contains(got, "\r\n10000\r\n") {
		t.Errorf("after a refusal: %q", got)
	}
	if got := s.ask("CONFIG SET maxclients 268"); got != "+OK\r\n+OK\r\n" {
		t.Errorf("%q", got)
	}
	s.ends()
}

// Whoever looks for what ended the server finds in the log that it was a signal, and which.
func TestTheLogTellsWhichSignalEndedTheServer(t *testing.T) {
	for signal, name := range map[syscall.Signal]string{syscall.SIGTERM: "SIGTERM", syscall.SIGINT: "SIGINT"} {
		s := startServing(t)
		if err := s.cmd.Process.Signal(signal); err != nil {
			t.Fatal(err)
		}
		log, err := io.ReadAll(s.stdout)
		if err != nil {
			t.Error(err)
		}
		if err := s.cmd.Wait(); err != nil {
			t.Errorf("%s: it ended with %v", name, err)
		}
		if !strings.Contains(string(log), "Received "+name+" scheduling shutdown...") {
			t.Errorf("after %s the log goes on with %q", name, log)
		}
	}
}
