package bench

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// PinSelf confines this process, and so the processes that it starts from now on, to one core. A negative core pins
// nothing.
func PinSelf(core int) error {
	if core < 0 {
		return nil
	}
	var set unix.CPUSet
	set.Set(core)
	if err := eachThread(func(id int) error { return unix.SchedSetaffinity(id, &set) }); err != nil {
		return fmt.Errorf("pin to core %d: %w", core, err)
	}
	return nil
}

// eachThread calls f for all threads of this process. Threads inherit from the thread that starts them, so those that
// exist have to be told one by one; twice, for one could have been starting while the list was read.
func eachThread(f func(id int) error) error {
	for range 2 {
		tasks, err := os.ReadDir("/proc/self/task")
		if err != nil {
			return err
		}
		for _, task := range tasks {
			id, err := strconv.Atoi(task.Name())
			if err != nil {
				return err
			}
			if err := f(id); err != nil && !errors.Is(err, unix.ESRCH) { // ESRCH: it has ended
				return err
			}
		}
	}
	return nil
}

// onCore runs f, which starts a process, on a thread pinned to core: a child has its parent thread's cores.
func onCore(core int, f func() error) error {
	if core < 0 {
		return f()
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var before, set unix.CPUSet
	if err := unix.SchedGetaffinity(0, &before); err != nil {
		return err
	}
	set.Set(core)
	if err := unix.SchedSetaffinity(0, &set); err != nil {
		return fmt.Errorf("pin to core %d: %w", core, err)
	}
	return errors.Join(f(), unix.SchedSetaffinity(0, &before))
}

// urgent asks that this process runs before all others on its core as soon as it can run. Without the right to that it
// stays an ordinary one, and measures more of the machine's noise.
func urgent() {
	const realTime, priority = 1, 10 // SCHED_FIFO, anywhere above the lowest
	attr := unix.SchedAttr{Size: unix.SizeofSchedAttr, Policy: realTime, Priority: priority}
	if eachThread(func(id int) error { return unix.SchedSetAttr(id, &attr, 0) }) != nil {
		_ = unix.Setpriority(unix.PRIO_PROCESS, 0, -20)
	}
}

// awaitInput blocks the calling thread until fd can be read, at most for d. Go's own timers, and poll(2), are rounded up
// to more than what is measured here.
func awaitInput(fd int, d time.Duration) (ready bool, err error) {
	ts := unix.NsecToTimespec(int64(d))
	n, err := unix.Ppoll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, &ts, nil)
	if errors.Is(err, unix.EINTR) { // the Go runtime sends itself signals; the caller looks at the clock again
		return false, nil
	}
	return n > 0, err
}
