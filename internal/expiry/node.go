package expiry

import "unsafe"

// Node is the part of an entry that the index reads and writes. It lies at byte 8 of the entry, and the entry of handle h
// at byte 8*h of the memory given to New. Handles have 31 bits.
type Node struct {
	// Deadline is in milliseconds in the low 63 bits; bit 63 belongs to the caller. It is set before Add and must not
	// change until Remove but through Rearm: it tells the index where the entry is.
	Deadline   uint64
	Prev, Next uint32 // neighbours in the slot's ring; an entry alone is its own neighbour
}

// deadlineMask takes away the caller's bit.
const deadlineMask = 1<<63 - 1

const (
	handleUnit = 8
	nodeOffset = 8
)

func (x *Index) node(h uint32) *Node {
	return (*Node)(unsafe.Add(x.base, uintptr(h)*handleUnit+nodeOffset))
}

// at is where a node's deadline lies on the index's own timeline.
func (x *Index) at(n *Node) uint64 { return n.Deadline&deadlineMask + x.shift }

// moment is where a time of the caller's lies on the index's own timeline. Nothing is due before the beginning of time.
func (x *Index) moment(ms int64) uint64 { return uint64(max(ms, 0)) + x.shift }
