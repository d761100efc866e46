//go:build unix

package loop

import (
	"os"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// maxMappings keeps requests from using up the mappings that the kernel allows a process (65,530 on Linux), which the Go
// runtime needs too.
const maxMappings = 4096

var mappings atomic.Int64

// mapMemory returns at least n bytes that take no memory until they are written to, nil when there are none to be had.
func mapMemory(n int) []byte {
	if mappings.Add(1) > maxMappings {
		mappings.Add(-1)
		return nil
	}
	page := os.Getpagesize()
	m, err := unix.Mmap(-1, 0, (n+page-1)/page*page, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
	if err != nil {
		mappings.Add(-1)
		return nil
	}
	return m
}

// unmapMemory gives back what mapMemory returned.
func unmapMemory(m []byte) {
	unix.Munmap(m)
	mappings.Add(-1)
}
