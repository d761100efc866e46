package keyspace

import (
	"math"
	"testing"
)

func TestIntegersTakeTheFewestBytes(t *testing.T) {
	for v, n := range map[int64]int{
		0: 1, 127: 1, -128: 1, 128: 2, -129: 2, math.MaxInt16: 2, math.MinInt16: 2, 1 << 15: 4,
		math.MaxInt32: 4, math.MinInt32: 4, 1 << 31: 8, math.MaxInt64: 8, math.MinInt64: 8,
	} {
		b := make([]byte, intSize(v))
		encodeInt(b, v)
		if got := decodeInt(b); got != v || len(b) != n {
			t.Errorf("%d reads %d, in %d bytes, want %d", v, got, len(b), n)
		}
	}
}
