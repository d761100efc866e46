package server

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"go.uber.org/goleak"
)

// childArgs is the environment variable that makes the test binary a server: its arguments, one a line.
const childArgs = "CURFEW_TEST_CHILD"

func TestMain(m *testing.M) {
	args, ok := os.LookupEnv(childArgs)
	if !ok {
		goleak.VerifyTestMain(m)
		return
	}
	s, err := New(strings.Split(args, "\n"))
	if err == nil {
		err = s.Run()
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// child starts a server in a process of its own, which ends with the test: what other tests have left behind, and the clients of
// the test, are in neither its memory nor its threads. It returns a client.
func child(t *testing.T, args ...string) *client {
	t.Helper()
	r := &running{t: t, socket: filepath.Join(t.TempDir(), "socket")}
	cmd := exec.Command(os.Args[0])
	args = append([]string{
		"--port", "0", "--unixsocket", r.socket, "--event-loops", "2", "--loglevel", "nothing", "--save", "", "--dir", t.TempDir(),
	}, append(transport(), args...)...)
	cmd.Env = append(os.Environ(), childArgs+"="+strings.Join(args, "\n"))
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	return r.unix()
}
