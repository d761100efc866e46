//go:build !linux

package bench

import (
	"errors"
	"time"
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

func sleep(d time.Duration) { time.Sleep(d) }
