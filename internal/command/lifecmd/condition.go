package lifecmd

import (
	"bytes"
	"math"

	"github.com/curfewkv/curfew/internal/command"
	"github.com/curfewkv/curfew/internal/keyspace"
)

const (
	errOnlyNX command.Error = "ERR NX and XX, GT or LT options at the same time are not compatible"
	errGTLT   command.Error = "ERR GT and LT options at the same time are not compatible"
)

// condition says which deadline of a key allows a new one.
type condition struct{ nx, xx, gt, lt bool }

// parseCondition reads the options from argument 3 on.
func parseCondition(c *command.Ctx) (o condition, err error) {
	for i := 3; i < len(c.Args); i++ {
		switch {
		case c.Is(i, "NX"):
			o.nx = true
		case c.Is(i, "XX"):
			o.xx = true
		case c.Is(i, "GT"):
			o.gt = true
		case c.Is(i, "LT"):
			o.lt = true
		default:
			// Redis shows it as a C string.
			word, _, _ := bytes.Cut(c.Args[i], []byte{0})
			return o, command.Errorf("ERR Unsupported option %s", word)
		}
	}
	if o.nx && (o.xx || o.gt || o.lt) {
		return o, errOnlyNX
	}
	if o.gt && o.lt {
		return o, errGTLT
	}
	return o, nil
}

// allows compares the time left now with the time left under the new deadline, in ms: the two may be on different clocks.
// No deadline counts as infinitely far.
func (o condition) allows(tx *keyspace.Txn, now keyspace.Deadline, left int64) bool {
	if now == keyspace.None {
		return !o.xx && !o.gt
	}
	current := tx.RemainingMs(now)
	return !o.nx && (!o.gt || left > current) && (!o.lt || left < current)
}

// remaining is the time from now until unix time ms, negative when it is past.
func remaining(ms, now int64) int64 {
	if ms < math.MinInt64+now {
		return math.MinInt64
	}
	return ms - now
}
