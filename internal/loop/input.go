package loop

// keepIn is how large the buffer of a connection may stay when little of it is used.
const keepIn = 64 << 10

// growIn is the least room that is made for a request which does not fit the loop's buffer.
const growIn = 16 << 10

// mapFrom is the announced length from which a request gets a mapping of its own, once keepIn bytes of it have come.
const mapFrom = 1 << 20

// input is the part of a request that has come, and what came behind it. Its memory is at most twice what has come and a
// bit, whatever length was announced: announcing costs nothing.
//
// A request of known length that is large is received into a mapping, which has the whole length at once: pages are taken
// as bytes come, and nothing is copied on the way.
type input struct {
	buf    []byte // received and not yet consumed
	mapped bool   // buf is a mapping
}

// bytes is the memory that is taken.
func (in *input) bytes() int {
	if in.mapped {
		return len(in.buf) // a page is taken when it is written to
	}
	return cap(in.buf)
}

// room returns where to read to: behind what has come. need is the length of the request, as far as that is known: of the
// argument that comes, or 0.
func (in *input) room(need int) []byte {
	n, c := len(in.buf), cap(in.buf)
	more := need <= n || need > c // than fits
	switch {
	case need > c && need >= mapFrom && n >= keepIn && in.toMapping(need):
	case n == c || more && c-n < growIn/4:
		in.toHeap(in.buf, roomFor(n, need))
	}
	return in.buf[len(in.buf):cap(in.buf)]
}

// roomFor is the capacity of a buffer that has n bytes of a request: what is known to come, within a factor that bounds both
// the memory and how often bytes are copied.
func roomFor(n, need int) int {
	double := 2*n + growIn
	if need <= n {
		return double
	}
	return min(double, max(need, n+n/2))
}

// toMapping moves to a mapping of at least need bytes; false: there is none to be had.
func (in *input) toMapping(need int) bool {
	m := mapMemory(need)
	if m == nil {
		return false
	}
	m = m[:copy(m, in.buf)]
	in.free()
	in.buf, in.mapped = m, true
	return true
}

// toHeap moves b to a buffer of the heap. b may be a part of in.buf.
func (in *input) toHeap(b []byte, capacity int) {
	heap := append(make([]byte, 0, capacity), b...)
	in.free()
	in.buf = heap
}

// keep keeps the unconsumed rest of what was processed: of in.buf, or of another buffer if in is empty. need is as in room.
func (in *input) keep(rest []byte, need int) {
	n := len(rest)
	switch {
	case n == 0:
		in.free()
	case len(in.buf) == 0:
		in.toHeap(rest, max(growIn, n+growIn/4))
	case n == len(in.buf): // nothing was consumed
	case in.mapped, cap(in.buf) > keepIn && max(n, need) < cap(in.buf)/4: // what a large request left behind
		in.toHeap(rest, roomFor(n, 0))
	default:
		in.buf = in.buf[:copy(in.buf[:cap(in.buf)], rest)]
	}
}

// free lets go of all.
func (in *input) free() {
	if in.mapped {
		unmapMemory(in.buf[:cap(in.buf)])
	}
	*in = input{}
}
