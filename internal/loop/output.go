package loop

import "github.com/curfewkv/curfew/resp"

const (
	// minBlock and maxBlock bound the memory that is taken for output which has still to be written.
	minBlock = 4 << 10
	maxBlock = 256 << 10
	// maxPieces and maxSend bound what is offered to the transport at once, so that one client's large replies do not
	// hold up those of others.
	maxPieces = 64
	maxSend   = 1 << 20
)

// output is what a client has not taken yet: blocks in the order in which they are sent. What waits is never copied again.
type output struct {
	blocks []block
	sent   int // bytes of the first block that are sent
	size   int // bytes that wait
	own    int // memory of blocks that are not shared
}

// block is memory of its own, or a reference to some that others have too.
type block struct {
	b      []byte
	memory int         // that goes with the block
	shared resp.Shared // nil: the memory is its own
}

// add adds bytes: into the last block's room, else into a new one that is larger the more waits.
func (o *output) add(b []byte) {
	if len(b) == 0 {
		return
	}
	if last := len(o.blocks) - 1; last >= 0 && o.blocks[last].shared == nil {
		to := &o.blocks[last]
		n := min(len(b), cap(to.b)-len(to.b))
		to.b = append(to.b, b[:n]...)
		o.size += n
		b = b[n:]
	}
	if len(b) > 0 {
		b = append(make([]byte, 0, max(len(b), min(max(o.size, minBlock), maxBlock))), b...)
		o.adopt(b, cap(b), nil)
	}
}

// adopt adds b and what it refers to. The memory that b is in, of so many bytes, is the output's from now on.
func (o *output) adopt(b []byte, memory int, refs []resp.Ref) {
	o.own += memory
	at := 0
	for _, r := range refs {
		o.push(block{b: b[at:r.At:r.At], memory: memory})
		o.push(block{b: r.Shared.Bytes(), shared: r.Shared})
		at, memory = r.At, 0 // it goes with the first part: the others are sent soon after
	}
	o.push(block{b: b[at:], memory: memory})
}

func (o *output) push(b block) {
	o.blocks = append(o.blocks, b)
	o.size += len(b.b)
}

// pieces appends to dst what is to be sent next.
func (o *output) pieces(dst [][]byte) [][]byte {
	left, from := maxSend, o.sent
	for i := range o.blocks {
		b := o.blocks[i].b[from:]
		from = 0
		if len(b) > left {
			b = b[:left]
		}
		if len(b) > 0 { // an empty string may be shared
			dst = append(dst, b)
		}
		if left -= len(b); left == 0 || len(dst) == maxPieces {
			break
		}
	}
	return dst
}

// drop takes away n bytes that were sent, and what is empty behind them.
func (o *output) drop(n int) {
	o.size -= n
	o.sent += n
	for len(o.blocks) > 0 && o.sent >= len(o.blocks[0].b) {
		o.sent -= len(o.blocks[0].b)
		o.pop()
	}
}

// pop gives the first block back.
func (o *output) pop() {
	first := &o.blocks[0]
	if first.shared != nil {
		first.shared.Release()
	}
	o.own -= first.memory
	*first = block{}
	o.blocks = o.blocks[1:]
}

// free gives all blocks back.
func (o *output) free() {
	for len(o.blocks) > 0 {
		o.pop()
	}
	o.size, o.sent = 0, 0
}
