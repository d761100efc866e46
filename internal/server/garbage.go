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
	// collectEvery is the least time between two collections on purpose, in ns.
	collectEvery = int64(5 * time.Second)
)

// heapGuard decides when the heap is to be collected and its pages given back.
type heapGuard struct {
	floor int64 // what stays beside the buffers of connections when all garbage is gone
	next  int64 // monotonic ns before which nothing is done
}

// due reports whether enough is to be gained, at a monotonic time, when so many bytes are resident and so many of them
// are buffers of connections.
func (g *heapGuard) due(resident, buffers, now int64) bool {
	g.floor = min(g.floor, max(0, resident-buffers))
	return now >= g.next && resident-buffers-g.floor > heapSlack
}

// collected notes what was resident after a collection: that much cannot be gained.
func (g *heapGuard) collected(resident, buffers, now int64) {
	g.floor = max(0, resident-buffers)
	g.next = now + collectEvery
}

// collectGarbage gives back the memory of buffers that are gone. Called away from the loops.
func (s *Server) collectGarbage(g *heapGuard) {
	if !g.due(residentHeap(), s.node.Keyspace.External(), s.clock.Mono()) {
		return
	}
	debug.FreeOSMemory()
	g.collected(residentHeap(), s.node.Keyspace.External(), s.clock.Mono())
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
