package keyspace

import (
	"encoding/binary"
	"strconv"

	"github.com/curfewkv/curfew/internal/clock"
	"github.com/curfewkv/curfew/internal/store"
)

// Key is the entry's name, borrowed.
func (en Entry) Key() []byte { return en.e.Key() }

// DBIndex is the database that the entry was found in.
func (en Entry) DBIndex() int { return en.db }

// Type is the type's name as TYPE replies it.
func (en Entry) Type() string { return values[en.e.Kind()].typ }

// IsString reports whether the entry holds a string.
func (en Entry) IsString() bool { return isString(en.e.Kind()) }

func isString(k store.Kind) bool { return k != store.KindNone && k < store.KindFirstFree }

// Encoding is the encoding's name as OBJECT ENCODING replies it.
func (en Entry) Encoding() string { return values[en.e.Kind()].encoding(en) }

// Int is the value of a string that is stored as an integer.
func (en Entry) Int() (int64, bool) {
	if en.e.Kind() != store.KindStringInt {
		return 0, false
	}
	return decodeInt(en.e.Value()), true
}

// String is the value of a string: borrowed from the entry, or formatted into scratch[:0] where it is stored as an integer.
func (en Entry) String(scratch []byte) []byte {
	if n, ok := en.Int(); ok {
		return strconv.AppendInt(scratch[:0], n, 10)
	}
	return en.s.bytes(en.e)
}

// StringLen is the length of String.
func (en Entry) StringLen() int {
	if n, ok := en.Int(); ok {
		var b [20]byte
		return len(strconv.AppendInt(b[:0], n, 10))
	}
	return len(en.s.bytes(en.e))
}

// Deadline is the entry's deadline, or None.
func (en Entry) Deadline() Deadline {
	if !en.e.HasDeadline() {
		return None
	}
	return Deadline(en.e.Deadline())
}

// Size is the memory that the entry takes in bytes, its share of the index excluded. A large string counts in full even
// where other keys share it.
func (en Entry) Size() int { return en.s.sizeOf(en.h) }

// After is the deadline ms milliseconds from now, on the timeline that expire-clock chooses.
func (t *Txn) After(ms int64) Deadline {
	if t.ks.Settings.WallExpiry.Load() {
		return wallDeadline(t.Now.WallMs() + ms)
	}
	return monoDeadline(t.Now.MonoMs() + ms)
}

// At is the deadline at unix time ms.
func (t *Txn) At(ms int64) Deadline { return wallDeadline(ms) }

// RemainingMs is the time until the deadline in ms, 0 when it is due.
func (t *Txn) RemainingMs(d Deadline) int64 { return d.remainingMs(t.Now) }

// UnixMs is the deadline as unix time in ms.
func (t *Txn) UnixMs(d Deadline) int64 { return d.unixMs(t.Now) }

// Due reports whether the deadline is reached.
func (t *Txn) Due(d Deadline) bool { return d.due(t.Now) }

func due(d Deadline, now clock.Instant) bool { return d != None && d.due(now) }

// intSize is how many bytes an integer takes: 1, 2, 4 or 8.
func intSize(n int64) int {
	switch {
	case n == int64(int8(n)):
		return 1
	case n == int64(int16(n)):
		return 2
	case n == int64(int32(n)):
		return 4
	}
	return 8
}

// encodeInt writes n into b, whose length is intSize(n).
func encodeInt(b []byte, n int64) {
	switch len(b) {
	case 1:
		b[0] = byte(n)
	case 2:
		binary.LittleEndian.PutUint16(b, uint16(n))
	case 4:
		binary.LittleEndian.PutUint32(b, uint32(n))
	default:
		binary.LittleEndian.PutUint64(b, uint64(n))
	}
}

func decodeInt(b []byte) int64 {
	switch len(b) {
	case 1:
		return int64(int8(b[0]))
	case 2:
		return int64(int16(binary.LittleEndian.Uint16(b)))
	case 4:
		return int64(int32(binary.LittleEndian.Uint32(b)))
	}
	return int64(binary.LittleEndian.Uint64(b))
}

// Address identifies the entry's block in its shard, for debugging.
func (en Entry) Address() uint64 { return uint64(en.s.index)<<32 | uint64(en.h) }
