package keyspace

import (
	"strconv"
	"testing"
)

// BenchmarkStringsByLength is what the threshold of large strings was chosen by: what a write costs, what giving a TTL and
// taking it away does, and what a reply costs that copies or refers to the bytes.
func BenchmarkStringsByLength(b *testing.B) {
	for _, n := range []int{16 << 10, 32 << 10, 64 << 10, 128 << 10, 256 << 10} {
		f := newFixture(b, 1).quiet()
		key, value, out := []byte("key"), make([]byte, n), make([]byte, n)
		run := func(what string, fn func(tx *Txn)) {
			b.Run(strconv.Itoa(n>>10)+"K/"+what, func(b *testing.B) {
				for b.Loop() {
					f.do(fn)
				}
			})
		}
		run("set", func(tx *Txn) { _ = tx.PutText(key, value, PutOptions{}, eventTest) })
		run("set two", func(tx *Txn) {
			_ = tx.PutText([]byte("a"), value, PutOptions{}, eventTest)
			en, _ := tx.Peek([]byte("a"))
			tx.Delete(en, eventTest)
		})
		run("expire and persist", func(tx *Txn) {
			en, _ := tx.Peek(key)
			en, _ = tx.SetDeadline(en, tx.After(1000), eventTest)
			_, _ = tx.SetDeadline(en, None, eventTest)
		})
		run("read", func(tx *Txn) {
			en, _ := tx.Peek(key)
			if r, ok := en.Share(0, n); ok {
				r.Release()
				return
			}
			copy(out, en.String(nil))
		})
	}
}
