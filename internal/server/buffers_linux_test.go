package server

import (
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// atRest is what a connection counts as that has neither requests nor replies.
const atRest = 2 << 10

func TestALargeRequestLeavesNoLargeBuffer(t *testing.T) {
	r := run(t)
	admin, c := r.unix(), r.tcp()
	c.ask("SET", "k", "v")
	until(t, "rest", func() bool { return r.node.Keyspace.External() <= 2*atRest })
	args := []string{"DEL"} // its length is not known before its end, so there is room behind it
	for range 400_000 {
		args = append(args, "key")
	}
	c.send(request(args...) + "*1\r\n$4\r\nPI") // the next request has begun
	if got, err := c.reply(); got != ":0\r\n" {
		t.Fatal(got, err)
	}
	until(t, "the memory of the request", func() bool { return r.node.Keyspace.External() < 2*atRest+128<<10 })
	c.send("NG\r\n")
	if got, err := c.reply(); got != "+PONG\r\n" {
		t.Errorf("%q, %v", got, err)
	}
	until(t, "rest", func() bool { return r.node.Keyspace.External() <= 2*atRest })
	admin.ask("PING")
}

// Without a free descriptor connections wait in the queue, the server does its other work, and the log stays short.
func TestConnectionsWaitForDescriptors(t *testing.T) {
	r := run(t, "--loglevel", "warning")
	admin := r.unix()
	admin.ask("PING")
	until(t, "the end of the first connection", func() bool { return r.node.Sessions.Len() == 1 })
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	low := limit
	low.Cur = uint64(descriptors(t) + 50)
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &low); err != nil {
		t.Fatal(err)
	}
	restore := func() {
		if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
			t.Error(err)
		}
	}
	defer restore()
	var fill []*os.File
	for {
		f, err := os.Open(os.DevNull)
		if err != nil {
			break
		}
		defer f.Close()
		fill = append(fill, f)
	}
	fill[0].Close() // for the client's own end
	waiting := r.unix()
	waiting.send(request("PING"))
	const idle = 400 * time.Millisecond
	before := cpuTime(t)
	time.Sleep(idle) // nothing but the passing of time shows that nothing is done
	if used := cpuTime(t) - before; used > idle/10 {
		t.Errorf("%v of processor time in %v without work", used, idle)
	}
	if got := admin.ask("PING"); got != "+PONG\r\n" {
		t.Fatal(got)
	}
	if n := r.node.Sessions.Len(); n != 1 {
		t.Fatalf("%d clients: the descriptors were not used up", n)
	}
	for _, f := range fill[1:] {
		f.Close()
	}
	restore()
	if got, err := waiting.reply(); got != "+PONG\r\n" {
		t.Errorf("%q, %v", got, err)
	}
	log, err := os.ReadFile(r.settings.logFile.Get())
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(log), "Error accepting"); n < 1 || n > 3 {
		t.Errorf("%d lines in the log", n)
	}
}

func cpuTime(t *testing.T) time.Duration {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
