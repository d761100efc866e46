package rdb

import (
	"encoding/binary"
	"fmt"
)

const (
	listpackHead = 6  // size in 4 bytes, number of elements in 2
	ziplistHead  = 10 // size, offset of the last element in 4 bytes each, number in 2
	intsetHead   = 8  // bytes of a member, number of them
	manyElements = 65535
	plainNode    = 1 // of a quicklist: the string itself
	packedNode   = 2
	// maxCounted is the largest packed value that is read to count it, where its head does not tell.
	maxCounted = 64 << 20
)

// skipPacked passes values that are one string with the members in it.
func (r *Reader) skipPacked(kind byte) error {
	e := &r.entry
	if kind == typeHashListpackEx {
		if _, err := r.src.millis(); err != nil { // the first deadline
			return err
		}
	}
	t, err := r.src.text()
	if err != nil {
		return err
	}
	e.Memory += sizeObject + r.layout.class(t.size)
	var each int64 = 1 // elements for a member
	switch kind {
	case typeHashListpackEx, typeHashListpackExRC:
		e.Type, e.Encoding = Hash, "listpackex"
		return r.countFieldsWithTTL(t)
	case typeHashZipmap:
		e.Type, e.Encoding = Hash, "zipmap"
		e.Len, err = r.countWith(t, zipmapLen)
		return err
	case typeSetIntset:
		e.Type, e.Encoding = Set, "intset"
		e.Len, err = r.intsetLen(t)
		return err
	case typeListZiplist:
		e.Type, e.Encoding = List, "ziplist"
	case typeZsetZiplist:
		e.Type, e.Encoding, each = Zset, "ziplist", 2
	case typeHashZiplist:
		e.Type, e.Encoding, each = Hash, "ziplist", 2
	case typeHashListpack:
		e.Type, e.Encoding, each = Hash, "listpack", 2
	case typeZsetListpack:
		e.Type, e.Encoding, each = Zset, "listpack", 2
	case typeSetListpack:
		e.Type, e.Encoding = Set, "listpack"
	default:
		return r.unknown("a value of type", kind)
	}
	n, err := r.elements(t, e.Encoding == "ziplist")
	e.Len = n
	if n > 0 {
		e.Len = n / each
	}
	return err
}

// skipQuicklist passes a list of packed nodes.
func (r *Reader) skipQuicklist(kind byte) error {
	nodes, err := r.count()
	if err != nil {
		return err
	}
	e := &r.entry
	e.Type, e.Encoding, e.Len = List, "quicklist", 0
	e.Memory += sizeObject + sizeQuicklist
	var last int64
	plain := false
	for range nodes {
		container := uint64(packedNode)
		if kind == typeListQuicklist2 {
			if container, err = r.src.number(); err != nil {
				return err
			}
		}
		t, err := r.src.text()
		if err != nil {
			return err
		}
		last = r.layout.class(t.size)
		e.Memory += sizeQuicklistNode + last
		n := int64(1)
		switch container {
		case plainNode:
			plain = true
			err = r.src.skip(t.stored())
		case packedNode:
			n, err = r.elements(t, kind == typeListQuicklist)
		default:
			err = fmt.Errorf("%w: a list node of kind %d", ErrCorrupt, container)
		}
		if err != nil {
			return err
		}
		if n < 0 || e.Len < 0 {
			e.Len = Unknown
		} else {
			e.Len += n
		}
	}
	if nodes == 1 && !plain && kind == typeListQuicklist2 && r.info.Version >= firstListpackList {
		e.Encoding = "listpack"
		e.Memory -= sizeQuicklist + sizeQuicklistNode
	}
	return nil
}

// elements passes a listpack or ziplist and returns how many elements it has.
func (r *Reader) elements(t text, ziplist bool) (int64, error) {
	head, walk := listpackHead, listpackLen
	if ziplist {
		head, walk = ziplistHead, ziplistLen
	}
	if t.size <= int64(head) {
		return 0, fmt.Errorf("%w: a list packed in %d bytes", ErrCorrupt, t.size)
	}
	p, err := r.src.peekHead(t, r.value[:0], head)
	if err != nil {
		return 0, err
	}
	r.value = p
	if len(p) < head {
		return 0, fmt.Errorf("%w: a packed list without its head", ErrCorrupt)
	}
	if n := int64(binary.LittleEndian.Uint16(p[head-2:])); n < manyElements {
		return n, r.src.skip(t.stored())
	}
	return r.countWith(t, walk)
}

// countWith reads t and counts what is in it.
func (r *Reader) countWith(t text, walk func([]byte) (int64, error)) (int64, error) {
	if t.size > maxCounted {
		return Unknown, r.src.skip(t.stored())
	}
	if err := r.readValue(t); err != nil {
		return 0, err
	}
	return walk(r.value)
}

// readValue reads t into r.value.
func (r *Reader) readValue(t text) error {
	if cap(r.value) > keptRoom {
		r.value = nil
	}
	if cap(r.scratch) > keptRoom {
		r.scratch = nil
	}
	var err error
	r.value, r.scratch, err = r.src.readText(t, r.value[:0], r.scratch)
	return err
}

func (r *Reader) intsetLen(t text) (int64, error) {
	p, err := r.src.peekHead(t, r.value[:0], intsetHead)
	if err != nil {
		return 0, err
	}
	r.value = p
	if len(p) < intsetHead {
		return 0, fmt.Errorf("%w: a set of integers in %d bytes", ErrCorrupt, t.size)
	}
	width, n := int64(binary.LittleEndian.Uint32(p)), int64(binary.LittleEndian.Uint32(p[4:]))
	if width != 2 && width != 4 && width != 8 || t.size != intsetHead+width*n {
		return 0, fmt.Errorf("%w: a set of %d integers of %d bytes in %d", ErrCorrupt, n, width, t.size)
	}
	return n, r.src.skip(t.stored())
}

// countFieldsWithTTL passes a listpack of fields, values and deadlines; the deadline 0 is none.
func (r *Reader) countFieldsWithTTL(t text) error {
	e := &r.entry
	n, err := r.countWith(t, func(p []byte) (int64, error) {
		n, err := walkListpack(p, func(i int64, zero bool) {
			if i%3 == 2 && !zero {
				e.FieldsWithTTL++
			}
		})
		if err == nil && n%3 != 0 {
			err = fmt.Errorf("%w: a hash with deadlines of %d elements", ErrCorrupt, n)
		}
		return n / 3, err
	})
	e.Len = n
	return err
}
