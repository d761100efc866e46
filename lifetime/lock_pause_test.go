package lifetime

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/curfewkv/curfew/test/rig"
)

const pauseServer = "LIFETIME_TEST_LOCK_SERVER" // set in the process that holds the lock

// A process that holds a lock, and extends it, is stopped for longer than its TTL.
func TestLockOfAProcessThatWasStopped(t *testing.T) {
	if addr := os.Getenv(pauseServer); addr != "" {
		holdUntilLost(addr)
		return
	}
	server := rig.Redis(t)
	client := fetchClient(t, server.Addr)
	holder := exec.Command(os.Args[0], "-test.run=^TestLockOfAProcessThatWasStopped$")
	holder.Env = append(os.Environ(), pauseServer+"="+server.Addr)
	out, err := holder.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := holder.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = holder.Process.Kill()
		_ = holder.Wait()
	}()
	lines := bufio.NewScanner(out)
	next := func() []string {
		t.Helper()
		if !lines.Scan() {
			t.Fatalf("the holder says no more: %v", lines.Err())
		}
		return strings.Fields(lines.Text())
	}
	said := next()
	if said[0] != "held" {
		t.Fatalf("the holder says %q", said)
	}
	before, _ := strconv.ParseInt(said[1], 10, 64)

	if err := holder.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	l, err := NewLocker(client, LockerOptions{TTL: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	successor, err := l.Acquire(ctx, "x") // as soon as the TTL of the stopped one has ended
	if err != nil {
		t.Fatal(err)
	}
	if successor.Fence() <= before {
		t.Errorf("number %d after %d", successor.Fence(), before)
	}
	if err := holder.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	if said := strings.Join(next(), " "); said != "lost valid=false release=lost" {
		t.Errorf("the holder says %q", said)
	}
	if got := client.Get(t.Context(), "lock:x").Val(); got != successor.Token() || !successor.Valid() {
		t.Error("the late holder has taken the lock from its successor")
	}
}

// holdUntilLost is the process that is stopped.
func holdUntilLost(addr string) {
	client := redis.NewClient(&redis.Options{Addr: addr})
	defer client.Close()
	l, err := NewLocker(client, LockerOptions{TTL: 500 * time.Millisecond, MaxHold: time.Hour})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer l.Close()
	lock, err := l.TryAcquire(context.Background(), "x")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("held", lock.Fence())
	<-lock.Context().Done()
	valid, release := lock.Valid(), "done"
	if errors.Is(lock.Release(context.Background()), ErrLockLost) {
		release = "lost"
	}
	fmt.Printf("lost valid=%v release=%s\n", valid, release)
}
