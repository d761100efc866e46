package store

import (
	"encoding/binary"
	"hash/maphash"
	"math/rand/v2"
	"testing"
	"time"
)

const benchKeys = 1 << 20

// benchKey writes the 16-byte key number i into key.
func benchKey(key []byte, i uint64) []byte {
	binary.LittleEndian.PutUint64(key, i*0x9e3779b97f4a7c15)
	binary.LittleEndian.PutUint64(key[8:], i)
	return key[:16]
}

// filled is an arena and a table of n entries: 16-byte keys, 32-byte values.
func filled(b testing.TB, n uint64, deadline bool) (*Arena, *Table) {
	b.Helper()
	a, err := NewArena(1 << 30)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(a.Close)
	t := NewTable(a, maphash.MakeSeed())
	var buf [16]byte
	for i := range n {
		key := benchKey(buf[:], i)
		h, _ := a.NewEntry(KindString, shapeIf(deadline), key, 32)
		if !t.Insert(t.Hash(key), h) {
			b.Fatal("arena exhausted")
		}
	}
	return a, t
}

func BenchmarkFindHit(b *testing.B) {
	_, t := filled(b, benchKeys, false)
	rnd := rand.New(rand.NewPCG(1, 2))
	var buf [16]byte
	for b.Loop() {
		key := benchKey(buf[:], rnd.Uint64N(benchKeys))
		if _, h := t.Find(t.Hash(key), key); h == 0 {
			b.Fatal("absent")
		}
	}
}

func BenchmarkFindMiss(b *testing.B) {
	_, t := filled(b, benchKeys, false)
	rnd := rand.New(rand.NewPCG(1, 2))
	var buf [16]byte
	for b.Loop() {
		key := benchKey(buf[:], benchKeys+rnd.Uint64())
		if _, h := t.Find(t.Hash(key), key); h != 0 {
			b.Fatal("present")
		}
	}
}

// BenchmarkInsert fills tables of 1M entries. worst-ns is the longest single
// insert, the entry's allocation and any growth of the table included.
func BenchmarkInsert(b *testing.B) {
	for _, deadline := range []bool{false, true} {
		name := "plain"
		if deadline {
			name = "deadline"
		}
		b.Run(name, func(b *testing.B) {
			var a *Arena
			var t *Table
			var worst time.Duration
			var buf [16]byte
			size := 0.0
			i := uint64(0)
			for b.Loop() {
				if i%benchKeys == 0 {
					b.StopTimer()
					if a != nil {
						size = float64(a.Used()) / benchKeys
						a.Close()
					}
					a, _ = NewArena(1 << 30)
					t = NewTable(a, maphash.MakeSeed())
					b.StartTimer()
				}
				start := time.Now()
				key := benchKey(buf[:], i%benchKeys)
				h, _ := a.NewEntry(KindString, shapeIf(deadline), key, 32)
				if !t.Insert(t.Hash(key), h) {
					b.Fatal("arena exhausted")
				}
				worst = max(worst, time.Since(start))
				i++
			}
			a.Close()
			b.ReportMetric(float64(worst), "worst-ns")
			b.ReportMetric(size, "B/key")
		})
	}
}

// BenchmarkChurn deletes and inserts at random in a table of constant size.
func BenchmarkChurn(b *testing.B) {
	a, t := filled(b, benchKeys, false)
	rnd := rand.New(rand.NewPCG(1, 2))
	ids := make([]uint64, benchKeys)
	for i := range ids {
		ids[i] = uint64(i)
	}
	next := uint64(benchKeys)
	var buf [16]byte
	for b.Loop() {
		i := rnd.IntN(len(ids))
		key := benchKey(buf[:], ids[i])
		s, h := t.Find(t.Hash(key), key)
		t.Delete(s)
		a.Free(h)
		ids[i] = next
		key = benchKey(buf[:], next)
		next++
		h, _ = a.NewEntry(KindString, 0, key, 32)
		t.Insert(t.Hash(key), h)
	}
	b.ReportMetric(float64(a.Used())/benchKeys, "B/key")
}

func BenchmarkAllocFree(b *testing.B) {
	a, err := NewArena(1 << 30)
	if err != nil {
		b.Fatal(err)
	}
	defer a.Close()
	b.Run("pair", func(b *testing.B) {
		keep := a.Alloc(56)
		for b.Loop() {
			a.Free(a.Alloc(56))
		}
		a.Free(keep)
	})
	b.Run("random", func(b *testing.B) {
		rnd := rand.New(rand.NewPCG(1, 2))
		live := make([]Handle, benchKeys)
		for i := range live {
			live[i] = a.Alloc(56)
		}
		for b.Loop() {
			i := rnd.IntN(len(live))
			a.Free(live[i])
			live[i] = a.Alloc(56)
		}
		for _, h := range live {
			a.Free(h)
		}
	})
	b.Run("span", func(b *testing.B) {
		for b.Loop() {
			a.Free(a.Alloc(56))
		}
	})
}

func BenchmarkScan(b *testing.B) {
	_, t := filled(b, benchKeys, false)
	c, n := uint64(0), 0
	for b.Loop() {
		c = t.Scan(c, func(Handle) { n++ })
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n), "ns/entry")
}

func BenchmarkSample(b *testing.B) {
	a, t := filled(b, benchKeys, false)
	rnd := rand.New(rand.NewPCG(1, 2))
	b.Run("any", func(b *testing.B) {
		for b.Loop() {
			t.Sample(rnd.Uint64(), 1, false, func(Handle) {})
		}
	})
	var buf [16]byte
	for i := range uint64(benchKeys / 10000) {
		key := benchKey(buf[:], 1<<40+i)
		h, _ := a.NewEntry(KindString, WithDeadline, key, 32)
		t.Insert(t.Hash(key), h)
	}
	b.Run("volatile1in10000", func(b *testing.B) {
		for b.Loop() {
			t.Sample(rnd.Uint64(), 1, true, func(Handle) {})
		}
	})
}

func BenchmarkDrain(b *testing.B) {
	n := 0
	for b.Loop() {
		b.StopTimer()
		a, t := filled(b, benchKeys, false)
		b.StartTimer()
		for !t.Drain(256, a.Free) {
		}
		n += benchKeys
		b.StopTimer()
		a.Close()
		b.StartTimer()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n), "ns/entry")
}
