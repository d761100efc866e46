package server

import (
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// residentBytes is the process's resident memory, and what of it are pages of files; 0 where it cannot be told.
func residentBytes() (all, files int64) {
	b, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0, 0
	}
	fields := strings.Fields(string(b)) // total, resident, shared
	if len(fields) < 3 {
		return 0, 0
	}
	resident, _ := strconv.ParseInt(fields[1], 10, 64)
	shared, _ := strconv.ParseInt(fields[2], 10, 64)
	page := int64(os.Getpagesize())
	return resident * page, shared * page
}

func totalSystemMemory() int64 {
	var i unix.Sysinfo_t
	if unix.Sysinfo(&i) != nil {
		return 0
	}
	return int64(i.Totalram) * int64(i.Unit)
}

// hugePages reports whether the kernel backs memory with huge pages unasked.
func hugePages() bool {
	text, _ := os.ReadFile("/sys/kernel/mm/transparent_hugepage/enabled")
	return strings.Contains(string(text), "[always]")
}
