package lifetime

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"math"
	"time"
)

// An envelope is what Fetch stores: the value behind a head of fixed length, numbers big-endian:
//
//	0  "lt", version, kind (0 value, 1 nothing found)
//	4  8 random bytes: which write this is
//	12 how long the load took, in µs
//	16 for how long it may be served stale while one refreshes it, in ms
//	20 for how long it is kept for failing loads, in ms
//	24 CRC-32C of everything else
//
// There is no deadline in it: how long the value still lives is the server's PTTL, less the two windows. Clocks of
// programs play no part, so that they cannot disagree.
type envelope struct {
	nothing    bool // the load found nothing
	cost       time.Duration
	revalidate time.Duration
	onError    time.Duration
	payload    []byte
}

const (
	headLen         = 28
	envelopeVersion = 1
	// longestWindow is what 32 bits of milliseconds hold: 49 days.
	longestWindow = math.MaxUint32 * time.Millisecond
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// seal returns the envelope as bytes. No two seals have the same head.
func (e envelope) seal() []byte {
	sealed := make([]byte, headLen, headLen+len(e.payload))
	copy(sealed, "lt")
	sealed[2] = envelopeVersion
	if e.nothing {
		sealed[3] = 1
	}
	_, _ = rand.Read(sealed[4:12]) // never fails: it ends the program instead
	binary.BigEndian.PutUint32(sealed[12:], bounded(e.cost/time.Microsecond))
	binary.BigEndian.PutUint32(sealed[16:], bounded(e.revalidate/time.Millisecond))
	binary.BigEndian.PutUint32(sealed[20:], bounded(e.onError/time.Millisecond))
	sealed = append(sealed, e.payload...)
	binary.BigEndian.PutUint32(sealed[24:], checksum(sealed))
	return sealed
}

// bounded: the longest cost that fits is 71 minutes; a longer one counts as that.
func bounded(n time.Duration) uint32 { return uint32(min(max(n, 0), math.MaxUint32)) }

func checksum(sealed []byte) uint32 {
	return crc32.Update(crc32.Checksum(sealed[:24], castagnoli), castagnoli, sealed[headLen:])
}

var errNoEnvelope = errors.New("the value was not written by Fetch, or is damaged")

// open reads an envelope. Its payload is part of the given bytes.
func open(sealed []byte) (envelope, error) {
	if len(sealed) < headLen || string(sealed[:2]) != "lt" || sealed[2] != envelopeVersion || sealed[3] > 1 ||
		binary.BigEndian.Uint32(sealed[24:]) != checksum(sealed) {
		return envelope{}, errNoEnvelope
	}
	return envelope{
		nothing:    sealed[3] == 1,
		cost:       time.Duration(binary.BigEndian.Uint32(sealed[12:])) * time.Microsecond,
		revalidate: time.Duration(binary.BigEndian.Uint32(sealed[16:])) * time.Millisecond,
		onError:    time.Duration(binary.BigEndian.Uint32(sealed[20:])) * time.Millisecond,
		payload:    sealed[headLen:],
	}, nil
}

// headOf is what tells one write of a value from another, of damaged values too.
func headOf(sealed []byte) string { return string(sealed[:min(len(sealed), headLen)]) }
