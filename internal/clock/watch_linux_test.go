package clock

import (
	"context"
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestTheKernelTellsOfAStep sets the clock of the machine, to the time that it shows: it is off by microseconds after, and
// needs the right to do so. So it runs only where CURFEW_TEST_SET_CLOCK allows it.
func TestTheKernelTellsOfAStep(t *testing.T) {
	if os.Getenv("CURFEW_TEST_SET_CLOCK") == "" {
		t.Skip("CURFEW_TEST_SET_CLOCK is not set")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	called, ended := make(chan struct{}, 16), make(chan bool)
	go func() { ended <- watchSystem(ctx, func() { called <- struct{}{} }) }()
	for n := range 3 {
		time.Sleep(20 * time.Millisecond) // until the kernel's timer is armed
		var now unix.Timespec
		if err := unix.ClockGettime(unix.CLOCK_REALTIME, &now); err != nil {
			t.Fatal(err)
		}
		if err := unix.ClockSettime(unix.CLOCK_REALTIME, &now); err != nil {
			t.Skip(err)
		}
		select {
		case <-called:
		case <-time.After(5 * time.Second):
			t.Fatalf("step %d: not told of", n+1)
		}
	}
	cancel()
	if !<-ended {
		t.Error("the watch did not end by its context")
	}
}
