package rdb

import (
	"fmt"
	"strconv"
)

// skipValue passes the value of a key and completes the entry.
func (r *Reader) skipValue(kind byte) error {
	e := &r.entry
	if r.info.Valkey && kind > typeValkeyHash2 {
		return r.unknown("a value of type", kind) // the numbers from here on are those of Redis
	}
	switch kind {
	case typeString:
		return r.skipString()
	case typeList, typeSet:
		return r.skipMembers(kind)
	case typeZset, typeZset2:
		return r.skipSkiplist(kind)
	case typeHash:
		e.Type, e.Encoding = Hash, "hashtable"
		return r.skipFields(noDeadlines)
	case typeHashMetadata:
		e.Type, e.Encoding = Hash, "hashtable"
		if _, err := r.src.millis(); err != nil { // the first deadline
			return err
		}
		return r.skipFields(deadlineFirst)
	case typeListQuicklist, typeListQuicklist2:
		return r.skipQuicklist(kind)
	case typeStream, typeStream2, typeStream3, typeStream4, typeStream5:
		return r.skipStream(kind)
	case typeModule2:
		return r.skipModule()
	case typeModulePreGA:
		return fmt.Errorf("%w: modules' values of release candidates of Redis 4.0", ErrUnknown)
	case typeHashMetadataRC: // and typeValkeyHash2
		e.Type, e.Encoding = Hash, "hashtable"
		if r.info.Valkey {
			return r.skipFields(deadlineLast)
		}
		return r.skipFields(deadlineFirst)
	}
	return r.skipPacked(kind)
}

func (r *Reader) skipString() error {
	t, err := r.src.text()
	if err != nil {
		return err
	}
	e := &r.entry
	e.Type, e.Len = String, t.size
	e.Memory += sizeObject
	switch {
	case t.isInt:
		e.Encoding = "int"
		return nil
	case t.size > embedded:
		e.Encoding = "raw"
		e.Memory += r.layout.str(t.size)
		return r.src.skip(t.stored())
	case t.packed > 0:
		e.Encoding = "embstr"
		err = r.src.skip(t.packed)
	default:
		var p []byte
		p, err = r.src.take(int(t.size))
		// Integers beyond 32 bits are written as text, and become integers when they are loaded.
		if isInteger(p) {
			e.Encoding = "int"
			return err
		}
		e.Encoding = "embstr"
	}
	e.Memory += r.layout.class(sizeObject+3+t.size+1) - sizeObject
	return err
}

// isInteger tells whether p is a 64-bit integer as Redis would print it.
func isInteger(p []byte) bool {
	if len(p) == 0 || len(p) > 20 || p[0] != '-' && (p[0] < '0' || p[0] > '9') {
		return false
	}
	n, err := strconv.ParseInt(string(p), 10, 64)
	var room [20]byte
	return err == nil && string(strconv.AppendInt(room[:0], n, 10)) == string(p)
}

// skipMembers passes sets, and lists of the kind before Redis 3.2.
func (r *Reader) skipMembers(kind byte) error {
	n, err := r.count()
	if err != nil {
		return err
	}
	e := &r.entry
	var strings, bytes int64
	for range n {
		size, err := r.src.skipText()
		if err != nil {
			return err
		}
		strings += r.layout.str(size)
		bytes += size
	}
	if kind == typeList {
		e.Type, e.Encoding = List, "linkedlist"
		nodes := (bytes+3*e.Len)/8192 + 1
		e.Memory += sizeObject + sizeQuicklist + nodes*sizeQuicklistNode + bytes + 3*e.Len
		return nil
	}
	e.Type, e.Encoding = Set, "hashtable"
	e.Memory += sizeObject + dict(n) + strings + e.Len*sizeDictEntry
	return nil
}

// count reads how many members follow.
func (r *Reader) count() (uint64, error) {
	n, err := r.src.number()
	if err == nil && n>>48 != 0 {
		return 0, fmt.Errorf("%w: %d members", ErrCorrupt, n)
	}
	r.entry.Len = int64(n)
	return n, err
}

func (r *Reader) skipSkiplist(kind byte) error {
	n, err := r.count()
	if err != nil {
		return err
	}
	e := &r.entry
	e.Type, e.Encoding = Zset, "skiplist"
	var strings int64
	for range n {
		size, err := r.src.skipText()
		if err != nil {
			return err
		}
		strings += r.layout.str(size)
		if err = r.skipScore(kind); err != nil {
			return err
		}
	}
	e.Memory += sizeObject + r.layout.skiplist(n) + strings
	return nil
}

func (r *Reader) skipScore(kind byte) error {
	if kind == typeZset2 {
		return r.src.skip(8)
	}
	n, err := r.src.byte()
	if err != nil || n > 252 { // not a number and the infinities have no text
		return err
	}
	return r.src.skip(int64(n))
}

// deadlines tells where the deadlines of the fields of a hash are.
type deadlines int

const (
	noDeadlines   deadlines = iota
	deadlineFirst           // a number before the field, 0 for none
	deadlineLast            // 8 bytes behind the value, -1 for none
)

func (r *Reader) skipFields(where deadlines) error {
	n, err := r.count()
	if err != nil {
		return err
	}
	e := &r.entry
	var strings int64
	for range n {
		if where == deadlineFirst {
			at, err := r.src.number()
			if err != nil {
				return err
			}
			if at != 0 {
				e.FieldsWithTTL++
			}
		}
		for range 2 {
			size, err := r.src.skipText()
			if err != nil {
				return err
			}
			strings += r.layout.str(size)
		}
		if where == deadlineLast {
			at, err := r.src.millis()
			if err != nil {
				return err
			}
			if at != NoExpiry {
				e.FieldsWithTTL++
			}
		}
	}
	e.Memory += sizeObject + dict(n) + strings + e.Len*sizeDictEntry + e.FieldsWithTTL*sizeFieldExpiry
	return nil
}
