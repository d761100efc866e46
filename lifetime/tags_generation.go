package lifetime

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"slices"
)

// generationID tells generations apart. 96 random bits: with 10^9 generations of one tag, two are equal with a
// probability of 10^-11.
type generationID [12]byte

// maxMarks bounds the notes of one tag.
const maxMarks = 64

// generation is what a tag's key holds:
//
//	1 byte    'g'
//	12 bytes  id
//	uvarint   next: the number of the next mark
//	uvarint   number of marks; each: uvarint number, uvarint count, and as often: uvarint length, name
type generation struct {
	id    generationID
	next  uint64
	marks []mark
}

// mark says that values which began before it, and carry the others as well, are invalid.
type mark struct {
	number uint64
	others []string // in order
}

func newGeneration() generation {
	var g generation
	_, _ = rand.Read(g.id[:]) // never fails, by its documentation
	return g
}

// mark adds a mark, in the place of an equal older one, which it includes. It is false when there is no room.
func (g *generation) mark(others []string) bool {
	g.marks = slices.DeleteFunc(g.marks, func(m mark) bool { return slices.Equal(m.others, others) })
	if len(g.marks) >= maxMarks {
		return false
	}
	g.marks = append(g.marks, mark{number: g.next, others: others})
	g.next++
	return true
}

func (g *generation) append(to []byte) []byte {
	to = append(to, 'g')
	to = append(to, g.id[:]...)
	to = binary.AppendUvarint(to, g.next)
	to = binary.AppendUvarint(to, uint64(len(g.marks)))
	for _, m := range g.marks {
		to = binary.AppendUvarint(to, m.number)
		to = binary.AppendUvarint(to, uint64(len(m.others)))
		for _, tag := range m.others {
			to = binary.AppendUvarint(to, uint64(len(tag)))
			to = append(to, tag...)
		}
	}
	return to
}

var errNotGeneration = errors.New("not the generation of a tag")

func parseGeneration(data []byte) (generation, error) {
	r := tagReader{rest: data}
	var g generation
	if r.byte() != 'g' {
		return g, errNotGeneration
	}
	copy(g.id[:], r.bytes(uint64(len(g.id))))
	g.next = r.number()
	for n := r.count(maxMarks); n > 0 && !r.bad; n-- {
		m := mark{number: r.number()}
		for k := r.count(maxTags); k > 0 && !r.bad; k-- {
			m.others = append(m.others, string(r.bytes(r.number())))
		}
		g.marks = append(g.marks, m)
	}
	if r.bad || len(r.rest) > 0 {
		return g, errNotGeneration
	}
	return g, nil
}

// tagReader reads the parts of generations and headers; after a part that is not there, it is bad and gives zeros.
type tagReader struct {
	rest []byte
	bad  bool
}

func (r *tagReader) byte() byte {
	b := r.bytes(1)
	if r.bad {
		return 0
	}
	return b[0]
}

func (r *tagReader) bytes(n uint64) []byte {
	if r.bad || n > uint64(len(r.rest)) {
		r.bad = true
		return nil
	}
	b := r.rest[:n]
	r.rest = r.rest[n:]
	return b
}

func (r *tagReader) number() uint64 {
	v, n := binary.Uvarint(r.rest)
	if n <= 0 {
		r.bad = true
		return 0
	}
	r.rest = r.rest[n:]
	return v
}

func (r *tagReader) count(limit uint64) uint64 {
	n := r.number()
	if n > limit {
		r.bad = true
		return 0
	}
	return n
}
