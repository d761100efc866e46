//go:build unix

package server

import (
	"runtime"
	"runtime/metrics"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"github.com/curfewkv/curfew/internal/node"
)

// gauge measures the process's memory. Its methods are safe for concurrent use.
type gauge struct {
	start int64 // bytes that were resident beside the program's file when it was made
}

func newGauge() *gauge {
	resident, code := residentBytes()
	return &gauge{start: resident - code}
}

// read measures.
func (g *gauge) read() node.ProcessMemory {
	m := node.ProcessMemory{Start: g.start}
	m.Resident, m.Code = residentBytes()
	samples := []metrics.Sample{
		{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}, {Name: "/memory/classes/heap/free:bytes"},
		{Name: "/memory/classes/heap/unused:bytes"},
	}
	metrics.Read(samples)
	total, released, free, unused := samples[0].Value.Uint64(), samples[1].Value.Uint64(), samples[2].Value.Uint64(), samples[3].Value.Uint64()
	m.Kept = int64(total - released)
	m.Active = m.Kept - int64(free)
	m.Live = m.Active - int64(unused)
	return m
}

func osName() string {
	var u unix.Utsname
	if unix.Uname(&u) != nil {
		return runtime.GOOS
	}
	return unix.ByteSliceToString(u.Sysname[:]) + " " + unix.ByteSliceToString(u.Release[:]) + " " + unix.ByteSliceToString(u.Machine[:])
}

func seconds(t unix.Timeval) string {
	return strconv.FormatFloat(time.Duration(t.Nano()).Seconds(), 'f', 6, 64)
}

// usage is the time that the process has used so far.
func usage() unix.Rusage {
	var u unix.Rusage
	unix.Getrusage(unix.RUSAGE_SELF, &u)
	return u
}
