package store

import (
	"fmt"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// osPage is the granularity at which the kernel takes memory back: 16 KiB on Apple's own processors.
var osPage = os.Getpagesize()

const anonymous = unix.MAP_PRIVATE | unix.MAP_ANON | unix.MAP_NORESERVE

// reserveMemory takes address space without memory behind it.
func reserveMemory(n int) ([]byte, error) {
	m, err := unix.Mmap(-1, 0, n, unix.PROT_NONE, anonymous)
	if err != nil {
		return nil, fmt.Errorf("store: reserve %d bytes: %w", n, err)
	}
	return m, nil
}

// commitMemory makes m usable. Pages become resident when first touched.
func commitMemory(m []byte) error {
	return unix.Mprotect(m, unix.PROT_READ|unix.PROT_WRITE)
}

// releaseMemory gives the pages of m back. Their contents read as zero after. madvise leaves pages here until the system
// runs short, and counted as the program's until then; mapping new ones over them takes them at once.
func releaseMemory(m []byte) error {
	_, err := unix.MmapPtr(-1, 0, unsafe.Pointer(&m[0]), uintptr(len(m)), unix.PROT_READ|unix.PROT_WRITE, anonymous|unix.MAP_FIXED)
	return err
}

func unmapMemory(m []byte) error {
	return unix.Munmap(m)
}
