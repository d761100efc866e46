package server

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/curfewkv/curfew/internal/session"
)

// Under load a stopping server finishes the replies that it has begun: what each client reads until the end is whole.
func TestAStopUnderLoadFinishesReplies(t *testing.T) {
	r := run(t)
	const size = 4000
	admin := r.unix()
	admin.ask("SET", "big", strings.Repeat("x", size))
	var clients sync.WaitGroup
	var replies [12]int
	var failed [12]error
	for i := range replies {
		c := r.tcp()
		if i%2 == 0 {
			c = r.unix()
		}
		go func() { // asks until the server is gone
			batch := strings.Repeat(request("GET", "big"), 16)
			for {
				if _, err := io.WriteString(c, batch); err != nil {
					return
				}
			}
		}()
		clients.Go(func() { replies[i], failed[i] = readAll(c.r) })
	}
	until(t, "load", func() bool {
		served := 0
		r.node.Sessions.Each(func(s *session.Session) {
			if session.Text(&s.Public.LastCmd) == "get" {
				served++
			}
		})
		return served == len(replies)
	})
	began := time.Now()
	r.stop()
	if took := time.Since(began); took > patience/2 {
		t.Errorf("the stop took %v", took)
	}
	clients.Wait()
	for i := range replies {
		if failed[i] != nil || replies[i] == 0 {
			t.Errorf("client %d: %d replies, then %v", i, replies[i], failed[i])
		}
	}
}

// readAll counts the bulk strings until the connection ends; a part of one is an error.
func readAll(r *bufio.Reader) (n int, err error) {
	for {
		line, err := r.ReadString('\n')
		if line == "" {
			return n, nil // closed, or reset because the server had requests left to read
		}
		var size int
		if _, scanErr := fmt.Sscanf(line, "$%d\r\n", &size); scanErr != nil || err != nil {
			return n, fmt.Errorf("%q: %w", line, errors.Join(err, scanErr))
		}
		if got, err := io.CopyN(io.Discard, r, int64(size+2)); err != nil {
			return n, fmt.Errorf("%d bytes of %d: %w", got, size+2, err)
		}
		n++
	}
}

// A client that does not read holds the stop up for shutdown-timeout, not longer.
func TestAStopDoesNotWaitForSlowReaders(t *testing.T) {
	r := run(t, "--shutdown-timeout", "1")
	admin, slow := r.unix(), r.tcp()
	admin.ask("SET", "big", strings.Repeat("x", 1<<20))
	slow.send(strings.Repeat(request("GET", "big"), 30))
	until(t, "replies that wait", func() bool { return r.unsent() > 1<<20 })
	r.stop()
}

func TestNoConnectionIsLostBetweenLoopsOfAStoppingServer(t *testing.T) {
	for range 20 {
		before := descriptors(t)
		r := run(t)
		quit := make(chan struct{})
		var dialers sync.WaitGroup
		for range 4 {
			dialers.Go(func() {
				for {
					select {
					case <-quit:
						return
					default:
					}
					c, err := net.Dial("unix", r.socket)
					if err != nil {
						continue
					}
					io.WriteString(c, request("PING"))
					c.Close()
				}
			})
		}
		until(t, "connections", func() bool { return r.node.Traffic.Connections.Load() > 20 })
		r.stop()
		close(quit)
		dialers.Wait()
		if n, used := r.node.Sessions.Len(), r.node.Keyspace.External(); n != 0 || used != 0 {
			t.Fatalf("%d sessions and %d bytes are left", n, used)
		}
		until(t, "the descriptors", func() bool { return descriptors(t) <= before })
	}
}

func TestShutdownEndsTheServer(t *testing.T) {
	r := run(t)
	r.tcp().send(request("SHUTDOWN", "NOSAVE"))
	select {
	case err := <-r.done:
		r.done <- err
	case <-time.After(patience):
		t.Fatal("SHUTDOWN did not end the server")
	}
}

func TestAServerThatCannotListenGivesEverythingBack(t *testing.T) {
	taken, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	before := descriptors(t)
	_, port, _ := net.SplitHostPort(taken.Addr().String())
	s, err := New([]string{"--port", port, "--bind", "127.0.0.1", "--logfile", filepath.Join(t.TempDir(), "log")})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Run(); err == nil || !strings.Contains(err.Error(), port) {
		t.Errorf("on a port that is taken: %v", err)
	}
	if n := descriptors(t); n > before {
		t.Errorf("%d descriptors are left", n-before)
	}
}

func TestAStopAheadOfTheStartHolds(t *testing.T) {
	s, err := New([]string{"--port", "0", "--unixsocket", filepath.Join(t.TempDir(), "s"), "--logfile", filepath.Join(t.TempDir(), "log")})
	if err != nil {
		t.Fatal(err)
	}
	s.Stop()
	done := make(chan error, 1)
	go func() { done <- s.Run() }()
	select {
	case err := <-done:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(patience):
		t.Fatal("the server runs")
	}
}
