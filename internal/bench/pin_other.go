//go:build !linux

package bench

import (
	"errors"
	"time"

	"golang.org/x/sys/unix"
)

var errNoPinning = errors.New("processes can be pinned to cores on Linux only: use negative cores")

// PinSelf is for Linux.
func PinSelf(core int) error {
	if core < 0 {
		return nil
	}
	return errNoPinning
}

func onCore(core int, f func() error) error {
	if core < 0 {
		return f()
	}
	return errNoPinning
}

func urgent() {}

func awaitInput(fd int, d time.Duration) (ready bool, err error) {
	n, err := again(func() (int, error) {
		return unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, int(d.Milliseconds()))
	})
	return n > 0, err
}
