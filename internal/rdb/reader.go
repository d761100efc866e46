package rdb

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"strconv"
	"strings"
	"time"
)

const (
	// maxKey is the longest key that is read, the longest string that a server takes by default.
	maxKey = 512 << 20
	// maxAux bounds names and values of aux fields, and how many are kept.
	maxAux, maxAuxFields = 64 << 10, 256
	// keptRoom is the most that a buffer for one long key or value keeps for the next.
	keptRoom = 1 << 20
)

// A Reader reads a file. It is for one goroutine.
type Reader struct {
	src    *source
	info   Info
	layout layout
	db     int
	keys   int64
	entry  Entry
	begin  int64 // where what belongs to the entry begins
	failed error // an *Error, once reading has ended with one
	done   bool

	key, value, scratch []byte // rooms that are used again
	ids                 radixCount
}

// An Option is an argument of NewReader.
type Option func(*Reader)

// SystemAllocator estimates memory for a server that was built with the system's jemalloc, like the packages of Debian
// and Ubuntu. Its small allocations are 16 bytes apart, and not 8 as in the jemalloc that comes with Redis.
func SystemAllocator() Option { return func(r *Reader) { r.layout = newLayout(16) } }

// NewReader reads the head of a file from src: the magic, the aux fields and the hints of the first database. src is
// read ahead, and is the caller's to close.
func NewReader(src io.Reader, options ...Option) (*Reader, error) {
	r := &Reader{src: newSource(src), layout: newLayout(8)}
	for _, o := range options {
		o(r)
	}
	if err := r.magic(); err != nil {
		return nil, r.fail(err)
	}
	if err := r.prelude(); err != nil {
		return nil, r.fail(err)
	}
	return r, nil
}

// Info is what the file said of itself up to here. The map in it is the Reader's.
func (r *Reader) Info() Info { return r.info }

// Offset is how many bytes of the file have been read, for progress.
func (r *Reader) Offset() int64 { return r.src.offset() }

// Keys is how many keys have been read.
func (r *Reader) Keys() int64 { return r.keys }

// Entries yields the keys in the order of the file. It ends after the last one, when the checksum agreed, or with one
// error, an *Error. A loop that was left goes on with the next key when Entries is called again.
func (r *Reader) Entries() iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		for !r.done {
			ok, err := r.next()
			switch {
			case err != nil:
				r.done, r.failed = true, r.fail(err)
			case !ok:
				r.done = true
			case !yield(r.entry, nil):
				return
			}
		}
		if r.failed != nil {
			yield(Entry{}, r.failed)
		}
	}
}

func (r *Reader) fail(err error) error {
	return &Error{Offset: r.src.offset(), Keys: r.keys, Err: err}
}

func (r *Reader) magic() error {
	p, err := r.src.take(9)
	if err != nil {
		if errors.Is(err, ErrTruncated) {
			return fmt.Errorf("%w: shorter than a magic", ErrNotRDB)
		}
		return err
	}
	digits, isRedis := strings.CutPrefix(string(p), "REDIS")
	if !isRedis {
		digits, r.info.Valkey = strings.CutPrefix(string(p), "VALKEY")
	}
	n, err := strconv.ParseUint(digits, 10, 16)
	if !isRedis && !r.info.Valkey || err != nil || n == 0 {
		return fmt.Errorf("%w: it begins with %q", ErrNotRDB, p)
	}
	r.info.Version, r.info.Aux = int(n), map[string]string{}
	return nil
}

// prelude reads what stands before the first key, so that Info is worth asking for.
func (r *Reader) prelude() error {
	for {
		op, err := r.src.peek()
		if err != nil {
			return err
		}
		if op < opKeyMeta || op == opEOF || r.ofKey(op) {
			return nil
		}
		if _, err = r.src.byte(); err != nil {
			return err
		}
		if err = r.opcode(op); err != nil {
			return err
		}
	}
}

// ofKey tells whether what follows an opcode belongs to the next key.
func (r *Reader) ofKey(op byte) bool {
	switch op {
	case opExpireMillis, opExpireSeconds, opIdle, opFreq:
		return true
	case opKeyMeta:
		return !r.info.Valkey // there it is opSlotImport
	}
	return false
}

// next reads the next key into r.entry; false: there was none.
func (r *Reader) next() (bool, error) {
	r.begin = r.src.offset()
	r.entry = Entry{Expiry: NoExpiry, Idle: Unknown, Freq: Unknown}
	for {
		op, err := r.src.byte()
		switch {
		case err != nil:
			return false, err
		case op == opEOF:
			return false, r.trailer()
		case op <= typeStream5 && op != 8:
			return true, r.pair(op)
		}
		if err = r.opcode(op); err != nil {
			return false, err
		}
		if !r.ofKey(op) {
			r.begin = r.src.offset()
		}
	}
}

// pair reads a key and passes its value.
func (r *Reader) pair(kind byte) error {
	var err error
	if r.key, err = r.readKey(); err != nil {
		return fmt.Errorf("in the key that follows %d others: %w", r.keys, err)
	}
	e := &r.entry
	e.DB, e.Key = r.db, r.key
	e.Memory = r.layout.key(int64(len(r.key)))
	if err := r.skipValue(kind); err != nil {
		return fmt.Errorf("in the value of key %q (type %d): %w", abridged(r.key), kind, err)
	}
	e.FileBytes = r.src.offset() - r.begin
	r.keys++
	return nil
}

func (r *Reader) readKey() ([]byte, error) {
	t, err := r.src.text()
	if err != nil {
		return nil, err
	}
	if t.size > maxKey {
		return nil, fmt.Errorf("%w: a key of %d bytes", ErrCorrupt, t.size)
	}
	if cap(r.key) > keptRoom {
		r.key = nil
	}
	var key []byte
	key, r.scratch, err = r.src.readText(t, r.key[:0], r.scratch)
	return key, err
}

// abridged is a key for a message.
func abridged(key []byte) []byte { return key[:min(len(key), 100)] }

// opcode reads what follows an opcode other than opEOF.
func (r *Reader) opcode(op byte) error {
	switch op {
	case opExpireMillis:
		at, err := r.src.millis()
		r.entry.Expiry = at
		return err
	case opExpireSeconds:
		p, err := r.src.take(4)
		if err != nil {
			return err
		}
		r.entry.Expiry = int64(int32(binary.LittleEndian.Uint32(p))) * 1000
		return nil
	case opIdle:
		n, err := r.src.number()
		r.entry.Idle = time.Duration(min(n, math.MaxInt64/uint64(time.Second))) * time.Second
		return err
	case opFreq:
		n, err := r.src.byte()
		r.entry.Freq = int(n)
		return err
	case opSelectDB:
		return r.selectDB()
	case opResizeDB:
		return r.resizeDB()
	case opAux:
		return r.aux()
	case opFunction2:
		r.info.Functions++
		_, err := r.src.skipText()
		return err
	case opModuleAux:
		return r.moduleAux()
	case opSlotInfo:
		return r.src.numbers(3)
	case opKeyMeta:
		if r.info.Valkey {
			return r.slotImport()
		}
		return r.keyMeta()
	case opFunctionPreGA:
		return fmt.Errorf("%w: functions of a release candidate of Redis 7.0", ErrUnknown)
	}
	r.src.unread() // the error is at this byte
	return r.unknown("type or opcode", op)
}

// unknown is the error of a byte that stands for nothing known.
func (r *Reader) unknown(what string, op byte) error {
	name, newest := "REDIS", newestRedis
	if r.info.Valkey {
		name, newest = "VALKEY", newestValkey
	}
	return fmt.Errorf("%w: %s %d, in a file of format %s %d; this reader was made for those up to %d",
		ErrUnknown, what, op, name, r.info.Version, newest)
}

func (r *Reader) selectDB() error {
	n, err := r.src.number()
	if err != nil {
		return err
	}
	if n > math.MaxInt32 {
		return fmt.Errorf("%w: database %d", ErrCorrupt, n)
	}
	r.db = int(n)
	return nil
}

func (r *Reader) resizeDB() error {
	keys, err := r.src.number()
	if err != nil {
		return err
	}
	expires, err := r.src.number()
	if err != nil {
		return err
	}
	if keys>>48 == 0 && expires>>48 == 0 { // hints are no reason to refuse a file
		r.info.Keys += int64(keys)
		r.info.Expires += int64(expires)
	}
	return nil
}

func (r *Reader) aux() error {
	var parts [2]string
	kept := true
	for i := range parts {
		t, err := r.src.text()
		if err != nil {
			return err
		}
		if t.size > maxAux {
			kept = false
			if err = r.src.skip(t.stored()); err != nil {
				return err
			}
			continue
		}
		if r.value, r.scratch, err = r.src.readText(t, r.value[:0], r.scratch); err != nil {
			return err
		}
		parts[i] = string(r.value)
	}
	if _, known := r.info.Aux[parts[0]]; kept && (known || len(r.info.Aux) < maxAuxFields) {
		r.info.Aux[parts[0]] = parts[1]
	}
	return nil
}

// slotImport passes what Valkey notes of slots that were being imported: a name and ranges of slots.
func (r *Reader) slotImport() error {
	if _, err := r.src.skipText(); err != nil {
		return err
	}
	ranges, err := r.src.number()
	for ; err == nil && ranges > 0; ranges-- {
		err = r.src.numbers(2)
	}
	return err
}

// trailer compares the checksum, which is of everything before it.
func (r *Reader) trailer() error {
	if r.info.Version < firstSummed {
		return nil
	}
	sum := r.src.total()
	p, err := r.src.take(8)
	if err != nil {
		return fmt.Errorf("in the checksum: %w", err)
	}
	stored := binary.LittleEndian.Uint64(p)
	if stored != 0 && stored != sum {
		return fmt.Errorf("%w: the file says %016x, its bytes %016x", ErrChecksum, stored, sum)
	}
	r.info.Summed = stored != 0
	return nil
}
