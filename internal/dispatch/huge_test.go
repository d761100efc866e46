package dispatch_test

import (
	"runtime"
	"strings"
	"testing"

	"github.com/curfewkv/curfew/internal/command"
)

// The list of a request of a million short arguments takes more than its bytes: it is memory in use while the request runs.
func TestTheArgumentListOfAHugeRequestIsInUsedMemory(t *testing.T) {
	const n = 50_000
	during := int64(0)
	var r *rig
	r = newRig(t, &command.Spec{Name: "measure", Arity: -1, Run: func(c *command.Ctx) error {
		during = r.Keyspace.External()
		c.Out.OK()
		return nil
	}})
	c := r.connect()
	small := append([]string{"measure"}, make([]string, 100)...)
	if c.do(small...); during != 0 {
		t.Errorf("a usual request takes %d bytes", during)
	}
	for range 2 { // the second time the worker has a list of its own for it
		if c.do(append(small, make([]string, n)...)...); during < 24*n || during > 60*n {
			t.Errorf("%d bytes while a request with %d arguments runs", during, n)
		}
		if after := r.Keyspace.External(); after != 0 {
			t.Errorf("%d bytes after it", after)
		}
	}
}

// A worker that goes on to small requests does not hold on to the bytes of a large one.
func TestTheBytesOfAHugeRequestAreGarbageWhenItHasRun(t *testing.T) {
	r := newRig(t)
	c := r.connect()
	for range 2 {
		c.do("CLIENT", "SETNAME", "x", "y", "z") // the worker has a list for such requests
	}
	gone := make(chan struct{})
	func() {
		buf := []byte(request("CLIENT", "SETNAME", "x", "y", strings.Repeat("v", 1<<20)))
		runtime.SetFinalizer(&buf[0], func(*byte) { close(gone) })
		r.Dispatch.Worker(0).Process(c.Session, buf)
	}()
	c.do("PING")
	for range 10 {
		runtime.GC()
		select {
		case <-gone:
			return
		default:
			runtime.Gosched()
		}
	}
	t.Error("the worker still refers to it")
}
