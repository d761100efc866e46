package server

import "golang.org/x/sys/unix"

// residentBytes cannot be told here without cgo.
func residentBytes() (all, files int64) { return 0, 0 }

func totalSystemMemory() int64 {
	n, err := unix.SysctlUint64("hw.memsize")
	if err != nil {
		return 0
	}
	return int64(n)
}

// hugePages: the kernel does not back memory with huge pages unasked.
func hugePages() bool { return false }
