package bench

import (
	"math/rand/v2"
	"strconv"
)

// The drivers' own request writers. resp.AppendCommand would do, but these are called millions of times a second on the
// driver's only core, and what differs between requests is a few digits.

// appendKey appends prefix and number i as a bulk string of the given length, the number padded with zeros.
func appendKey(dst []byte, prefix string, i int64, length int) []byte {
	dst = append(dst, '$')
	dst = strconv.AppendInt(dst, int64(length), 10)
	dst = append(dst, '\r', '\n')
	dst = append(dst, prefix...)
	at := len(dst)
	for range length - len(prefix) {
		dst = append(dst, '0')
	}
	for p := len(dst) - 1; p >= at && i > 0; p-- {
		dst[p] = byte('0' + i%10)
		i /= 10
	}
	return append(dst, '\r', '\n')
}

// appendInt appends n as a bulk string.
func appendInt(dst []byte, n int64) []byte {
	var digits [20]byte
	d := strconv.AppendInt(digits[:0], n, 10)
	dst = append(dst, '$')
	dst = strconv.AppendInt(dst, int64(len(d)), 10)
	dst = append(dst, '\r', '\n')
	dst = append(dst, d...)
	return append(dst, '\r', '\n')
}

// appendBulk appends b as a bulk string.
func appendBulk(dst, b []byte) []byte {
	dst = append(dst, '$')
	dst = strconv.AppendInt(dst, int64(len(b)), 10)
	dst = append(dst, '\r', '\n')
	dst = append(dst, b...)
	return append(dst, '\r', '\n')
}

// keyLength is that of the goals: 16 bytes.
const keyLength = 16

// set returns the writer of SET prefix<i> value.
func set(prefix string, value []byte) func([]byte, int64) []byte {
	return func(dst []byte, i int64) []byte {
		dst = append(dst, "*3\r\n$3\r\nSET\r\n"...)
		dst = appendKey(dst, prefix, i, keyLength)
		return appendBulk(dst, value)
	}
}

// setWith returns the writer of SET prefix<i> value option number(i), such as EX 60.
func setWith(prefix string, value []byte, option string, number func(i int64) int64) func([]byte, int64) []byte {
	return func(dst []byte, i int64) []byte {
		dst = append(dst, "*5\r\n$3\r\nSET\r\n"...)
		dst = appendKey(dst, prefix, i, keyLength)
		dst = appendBulk(dst, value)
		dst = appendBulk(dst, []byte(option))
		return appendInt(dst, number(i))
	}
}

// randomBytes returns n bytes that do not compress, the same ones every time.
func randomBytes(n int) []byte {
	b := make([]byte, n)
	var seed [32]byte
	copy(seed[:], "curfew bench")
	_, _ = rand.NewChaCha8(seed).Read(b) // never fails
	return b
}

// numbers is a repeatable source of random numbers for choosing keys and sizes.
func numbers() *rand.Rand { return rand.New(rand.NewPCG(20, 26)) }
