package server

import (
	"runtime/debug"
	"runtime/metrics"
	"time"
)

const (
	// heapSlack is how much heap may stay resident beyond what connections hold before it is collected on purpose. The
	// runtime collects when the heap has doubled, or after minutes: after a burst of large replies that would be
	// gigabytes kept by a server that has nothing to do.
	heapSlack = 64 << 20
	// collectEvery is the least time between two collections on purpose, in ns. It doubles with each that gains little, up
	// to collectSeldom: what stays then is in use, but part of it may have been let go only just after.
	collectEvery  = int64(5 * time.Second)
	collectSeldom = int64(5 * time.Minute)
)

// heapGuard decides when the heap is to be collected and its pages given back.
type heapGuard struct {
	next  int64 // monotonic ns before which nothing is done
	pause int64 // ns from the last collection to next
}

// due reports whether much may be gained, at a monotonic time, when so many bytes are resident and so many of them are
// buffers of connections.
func (g *heapGuard) due(resident, buffers, now int64) bool {
	return now >= g.next && resident-buffers > heapSlack
}

// collected notes how many bytes a collection has gained.
func (g *heapGuard) collected(gained, now int64) {
	if g.pause = min(2*g.pause, collectSeldom); gained > heapSlack || g.pause == 0 {
		g.pause = collectEvery
	}
	g.next = now + g.pause
}

// collectGarbage gives back the memory of buffers that are gone. Called away from the loops.
func (s *Server) collectGarbage(g *heapGuard) {
	before := residentHeap()
	if !g.due(before, s.node.Keyspace.External(), s.clock.Mono()) {
		return
	}
	debug.FreeOSMemory()
	g.collected(before-residentHeap(), s.clock.Mono())
}

// residentHeap is the part of the heap that was not given back to the system.
func residentHeap() int64 {
	samples := []metrics.Sample{
		{Name: "/memory/classes/heap/objects:bytes"}, {Name: "/memory/classes/heap/unused:bytes"}, {Name: "/memory/classes/heap/free:bytes"},
	}
	metrics.Read(samples)
	n := int64(0)
	for _, m := range samples {
		n += int64(m.Value.Uint64())
	}
	return n
}
