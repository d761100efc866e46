package clock

import (
	"context"
	"errors"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// farFuture is when the timer would fire by itself: the year 2242, within what the kernel can hold.
const farFuture = 1 << 33

// watchSystem waits on a timer of the wall clock that the kernel cancels when that clock is set. False: there is no such
// timer here (a seccomp filter), nothing was watched.
func watchSystem(ctx context.Context, fn func()) bool {
	fd, err := unix.TimerfdCreate(unix.CLOCK_REALTIME, unix.TFD_CLOEXEC|unix.TFD_NONBLOCK)
	if err != nil {
		return false
	}
	// Non-blocking, it is put on the runtime's poller: waiting holds no thread, and a deadline in the past ends it.
	f := os.NewFile(uintptr(fd), "timerfd")
	defer f.Close()
	if err := armTimer(fd); err != nil {
		return false
	}
	stop := context.AfterFunc(ctx, func() { _ = f.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	for ctx.Err() == nil {
		var expirations [8]byte
		_, err := f.Read(expirations[:])
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return true
		}
		if err != nil && !errors.Is(err, unix.ECANCELED) {
			return false
		}
		if err := armTimer(fd); err != nil {
			return false
		}
		fn()
	}
	return true
}

// armTimer sets the timer to the far future, to be cancelled when the clock is set. A step between two settings makes the
// kernel refuse once; the timer is armed all the same and the caller is about to look at the clock anyway.
func armTimer(fd int) error {
	at := unix.ItimerSpec{Value: unix.Timespec{Sec: farFuture}}
	err := unix.TimerfdSettime(fd, unix.TFD_TIMER_ABSTIME|unix.TFD_TIMER_CANCEL_ON_SET, &at, nil)
	if errors.Is(err, unix.ECANCELED) {
		return nil
	}
	return err
}
