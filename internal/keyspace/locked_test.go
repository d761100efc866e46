package keyspace

import (
	"strings"
	"testing"
	"time"

	"github.com/curfewkv/curfew/internal/journal"
)

// A command that reaches a key which it did not declare must not get as far as the memory of a shard that is not locked.
func TestATransactionUsesTheShardsThatItLockedOnly(t *testing.T) {
	f := newFixture(t, 4)
	f.set("locked", "value", None)
	far := ""
	for i := 0; far == ""; i++ {
		if f.tx.ShardBit([]byte(name(i))) != f.tx.ShardBit([]byte("locked")) {
			far = name(i)
		}
	}
	f.set(far, "value", f.after(time.Hour))
	var there Entry
	f.do(func(tx *Txn) { there, _ = tx.Peek([]byte(far)) })
	key := []byte(far)
	for what, use := range map[string]func(tx *Txn) error{
		"Read":        func(tx *Txn) error { tx.Read(key); return nil },
		"Write":       func(tx *Txn) error { tx.Write(key); return nil },
		"PeekIn":      func(tx *Txn) error { tx.PeekIn(1, key); return nil },
		"PutString":   func(tx *Txn) error { return tx.PutString(key, key, PutOptions{}, eventTest) },
		"Delete":      func(tx *Txn) error { tx.Delete(there, eventTest); return nil },
		"SetDeadline": func(tx *Txn) error { _, err := tx.SetDeadline(there, None, eventTest); return err },
		"Touch":       func(tx *Txn) error { tx.Touch(there); return nil },
		"Move from":   func(tx *Txn) error { return tx.Move(there, 0, []byte("locked"), eventTest, eventTest) },
		"Move to": func(tx *Txn) error {
			en, _ := tx.Peek([]byte("locked"))
			return tx.Move(en, 0, key, eventTest, eventTest)
		},
		"CopyTo": func(tx *Txn) error {
			en, _ := tx.Peek([]byte("locked"))
			return tx.CopyTo(en, 0, key, eventTest)
		},
		"Flush": func(tx *Txn) error { tx.Flush(1, true); return nil },
		"Swap":  func(tx *Txn) error { tx.Swap(1, 2); return nil },
		"Scan":  func(tx *Txn) error { tx.Each(func(Entry) {}); return nil },
	} {
		f.tx.Begin(f.clock.Now(), 0, 1, false)
		f.tx.LockKey([]byte("locked"))
		func() {
			defer func() {
				if text, _ := recover().(string); !strings.Contains(text, "not locked") {
					t.Errorf("%s of a key whose shard is not locked ends with %q", what, text)
				}
			}()
			if err := use(f.tx); err != nil {
				t.Errorf("%s: %v", what, err)
			}
		}()
		f.tx.Unlock()
	}
	f.k.journal = &journal.Journal{}
	check(t, f.k)
}
