package journal

import (
	"slices"
	"strconv"

	"github.com/curfewkv/curfew/resp"
)

// headRoom is what the commands that open a block, SELECT and MULTI, take at most; they are known only at the commit.
const headRoom = 80

// keptBuffer bounds the buffer that is kept from one transaction to the next.
const keptBuffer = 1 << 20

// Effects gathers what one transaction changes, as commands in RESP. It belongs to the transaction and is reused; its zero
// value is empty.
type Effects struct {
	buf   []byte // headRoom, then the commands
	n     int    // commands, without those that select a database
	first int    // database of the first
	db    int    // database of the last
}

// Add appends a command on a database. The arguments are copied.
func (e *Effects) Add(db int, args ...[]byte) {
	switch {
	case e.n == 0:
		if cap(e.buf) < headRoom {
			e.buf = make([]byte, headRoom, 512)
		}
		e.buf = e.buf[:headRoom]
		e.first = db
	case db != e.db:
		e.buf = appendSelect(e.buf, db)
	}
	e.db = db
	e.n++
	size := 0
	for _, a := range args {
		size += len(a)
	}
	e.buf = slices.Grow(e.buf, size) // at once, so that a large value is copied once
	e.buf = resp.AppendCommandBytes(e.buf, args...)
}

// Empty reports whether nothing was added since the last commit.
func (e *Effects) Empty() bool { return e.n == 0 }

// Size is the size of what was gathered in bytes.
func (e *Effects) Size() int { return max(0, len(e.buf)-headRoom) }

// reset forgets what was gathered.
func (e *Effects) reset() {
	e.n = 0
	e.buf = e.buf[:0]
	if cap(e.buf) > keptBuffer {
		e.buf = nil
	}
}

var (
	multi = resp.AppendCommand(nil, "MULTI")
	exec  = resp.AppendCommand(nil, "EXEC")
)

func appendSelect(dst []byte, db int) []byte {
	var digits [20]byte
	return resp.AppendCommandBytes(dst, []byte("SELECT"), strconv.AppendInt(digits[:0], int64(db), 10))
}
