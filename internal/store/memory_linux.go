package store

import (
	"fmt"
	"os"
	"syscall"
)

// osPage is the granularity at which the kernel takes memory back. It may be
// larger than pageSize (64 KiB on some arm64 systems).
var osPage = os.Getpagesize()

// reserveMemory takes address space without memory behind it.
func reserveMemory(n int) ([]byte, error) {
	m, err := syscall.Mmap(-1, 0, n, syscall.PROT_NONE,
		syscall.MAP_PRIVATE|syscall.MAP_ANON|syscall.MAP_NORESERVE)
	if err != nil {
		return nil, fmt.Errorf("store: reserve %d bytes: %w", n, err)
	}
	return m, nil
}

// commitMemory makes m usable. Pages become resident when first touched.
func commitMemory(m []byte) error {
	return syscall.Mprotect(m, syscall.PROT_READ|syscall.PROT_WRITE)
}

// releaseMemory gives the pages of m back. Their contents read as zero after.
func releaseMemory(m []byte) error {
	return syscall.Madvise(m, syscall.MADV_DONTNEED)
}

func unmapMemory(m []byte) error {
	return syscall.Munmap(m)
}
