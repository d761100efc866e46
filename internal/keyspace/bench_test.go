package keyspace

import (
	"testing"

	"github.com/curfewkv/curfew/internal/journal"
)

// BenchmarkTransactions measures transactions on few keys, which are in the caches, so that what they state weighs most:
// while nobody listens, while somebody hears of expired keys alone, and while somebody follows the effects.
func BenchmarkTransactions(b *testing.B) {
	key, value := []byte("key:0123456789ab"), []byte("a value of thirty-two characters")
	work := map[string]func(tx *Txn){
		"get": func(tx *Txn) { tx.Read(key) },
		"set": func(tx *Txn) { _ = tx.PutString(key, value, PutOptions{}, eventTest) },
		"setex": func(tx *Txn) {
			_ = tx.PutString(key, value, PutOptions{Deadline: tx.After(1 << 20)}, eventTest)
		},
		"set and del": func(tx *Txn) {
			_ = tx.PutString(key, value, PutOptions{}, eventTest)
			en, _ := tx.Peek(key)
			tx.Delete(en, eventTest)
		},
	}
	listeners := map[string]func(f *fixture){
		"nobody":   func(*fixture) {},
		"expiries": func(f *fixture) { f.k.journal.Listen(f.k.journal.Register(&recorder{}), journal.Of(journal.Expired)) },
		"effects":  func(f *fixture) { f.do(func(tx *Txn) { tx.Follow(discard{}) }) },
	}
	for who, listen := range listeners {
		for what, run := range work {
			b.Run(who+"/"+what, func(b *testing.B) {
				f := newFixture(b, 1).quiet()
				listen(f)
				now := f.clock.Now()
				b.ReportAllocs()
				for b.Loop() {
					f.tx.Begin(now, 0, 1, false)
					f.tx.LockKey(key)
					run(f.tx)
					f.tx.Unlock()
				}
			})
		}
	}
}
