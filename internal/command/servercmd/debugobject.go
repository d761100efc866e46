package servercmd

import (
	"math"
	"strconv"

	"github.com/curfewkv/curfew/internal/command"
	"github.com/curfewkv/curfew/internal/keyspace"
)

func debugObject(c *command.Ctx) error {
	en, ok := c.Tx.Peek(c.Args[2])
	if !ok {
		return command.ErrNoKey
	}
	c.Out.Simple("Value at:0x" + strconv.FormatUint(uint64(en.Address()), 16) + " refcount:1 encoding:" + en.Encoding() +
		" serializedlength:" + strconv.Itoa(serializedLen(en)) + " lru:" + strconv.FormatInt(accessClock(c, en), 10) +
		" lru_seconds_idle:" + strconv.FormatInt(c.Tx.IdleMs(en)/1000, 10))
	return nil
}

// accessClock is what Redis keeps of the last access in 24 bits: its second on the clock that INFO shows as lru_clock, or,
// under an LFU policy, its minute in 16 bits and the counter.
func accessClock(c *command.Ctx, en keyspace.Entry) int64 {
	ms := c.Now.Mono/1e6 - c.Tx.IdleMs(en)
	if c.Tx.Keyspace().Policy().LFU() {
		return ms/60_000&math.MaxUint16<<8 | int64(c.Tx.Freq(en))
	}
	return ms / 1000 & (1<<24 - 1)
}

// serializedLen is how many bytes a value takes in a snapshot without compression: an integer of up to 32 bits in binary,
// anything else behind its length.
func serializedLen(en keyspace.Entry) int {
	if v, ok := en.Int(); ok {
		switch {
		case v == int64(int8(v)):
			return 2
		case v == int64(int16(v)):
			return 3
		case v == int64(int32(v)):
			return 5
		}
	}
	n := en.StringLen()
	switch {
	case n < 1<<6:
		return 1 + n
	case n < 1<<14:
		return 2 + n
	case n <= math.MaxUint32:
		return 5 + n
	}
	return 9 + n
}
