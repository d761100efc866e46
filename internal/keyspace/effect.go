package keyspace

import (
	"strconv"

	"github.com/curfewkv/curfew/internal/journal"
)

// The commands of effects, and their options.
var (
	cmdSet       = []byte("SET")
	cmdAppend    = []byte("APPEND")
	cmdSetRange  = []byte("SETRANGE")
	cmdSetBit    = []byte("SETBIT")
	cmdExpireAt  = []byte("PEXPIREAT")
	cmdPersist   = []byte("PERSIST")
	cmdDel       = []byte("DEL")
	cmdUnlink    = []byte("UNLINK")
	cmdRename    = []byte("RENAME")
	cmdMove      = []byte("MOVE")
	cmdCopy      = []byte("COPY")
	cmdFlushDB   = []byte("FLUSHDB")
	cmdFlushAll  = []byte("FLUSHALL")
	cmdSwapDB    = []byte("SWAPDB")
	argAt        = []byte("PXAT")
	argDB        = []byte("DB")
	argReplace   = []byte("REPLACE")
	argAsync     = []byte("ASYNC") // nobody waits where the stream is run
	zero, one    = []byte("0"), []byte("1")
	effectsAsked = journal.EffectsWanted
)

// Commit hands what the transaction has changed so far to the followers of the effects, as one block. Unlock does it; a
// command that changes very many keys, and need not be one step, calls it in between to bound the block.
func (t *Txn) Commit() {
	if !t.effects.Empty() {
		t.ks.journal.Commit(&t.effects, t.Now, t.Origin)
	}
}

// state adds an effect.
func (t *Txn) state(db int, args ...[]byte) {
	if t.wanted&effectsAsked != 0 {
		t.effects.Add(db, args...)
	}
}

// int is a number as an argument, valid until the next one.
func (t *Txn) int(n int64) []byte { return strconv.AppendInt(t.digits[:0], n, 10) }

// stateValue states a key that was set: the string that it holds now, and when it goes.
func (t *Txn) stateValue(db int, key []byte) {
	if t.wanted&effectsAsked == 0 {
		return
	}
	en, _ := t.ks.Look(db, key)
	var scratch [20]byte
	if at := en.Deadline(); at != None {
		t.effects.Add(db, cmdSet, key, en.String(scratch[:0]), argAt, t.int(en.s.statedMs(at)))
		return
	}
	t.effects.Add(db, cmdSet, key, en.String(scratch[:0]))
}

// stateRange states bytes that were written into a string, which grew with zeros where it was shorter. A SETRANGE without
// bytes does nothing in Redis, not even that.
func (t *Txn) stateRange(db int, key []byte, offset int, value []byte) {
	if len(value) == 0 {
		t.stateValue(db, key)
		return
	}
	t.state(db, cmdSetRange, key, t.int(int64(offset)), value)
}

// stateDeadline states when a key goes, or that it stays.
func (t *Txn) stateDeadline(en Entry) {
	if t.wanted&effectsAsked == 0 {
		return
	}
	if at := en.Deadline(); at != None {
		t.effects.Add(en.db, cmdExpireAt, en.Key(), t.int(en.s.statedMs(at)))
		return
	}
	t.effects.Add(en.db, cmdPersist, en.Key())
}

// stateRemoval states that a key is gone. Nobody waits for the memory of one that the server removed by itself.
func (t *Txn) stateRemoval(r journal.Reason, db int, key []byte) {
	cmd := cmdUnlink
	if r == journal.Deleted {
		cmd = cmdDel
	}
	t.state(db, cmd, key)
}

// stateMove states that an entry's value was moved to dst in database db, which is of shard s.
func (t *Txn) stateMove(en Entry, s *shard, db int, dst []byte) {
	if t.wanted&effectsAsked == 0 {
		return
	}
	switch key := en.Key(); {
	case db == en.db:
		t.effects.Add(db, cmdRename, key, dst)
	case string(key) == string(dst):
		t.effects.Add(en.db, cmdMove, key, t.int(int64(db)))
	default:
		t.effects.Add(en.db, cmdCopy, key, dst, argDB, t.int(int64(db)), argReplace)
		t.effects.Add(en.db, cmdDel, key)
	}
	t.stateCarried(en, s, db, dst)
}

// stateCopy states that dst in database db was given an entry's value.
func (t *Txn) stateCopy(en Entry, db int, dst []byte) {
	if t.wanted&effectsAsked == 0 {
		return
	}
	if db == en.db {
		t.effects.Add(db, cmdCopy, en.Key(), dst, argReplace)
	} else {
		t.effects.Add(en.db, cmdCopy, en.Key(), dst, argDB, t.int(int64(db)), argReplace)
	}
	t.stateCarried(en, t.shardOf(dst), db, dst)
}

// stateSwap states that two databases were exchanged.
func (t *Txn) stateSwap(a, b int) {
	if t.wanted&effectsAsked == 0 {
		return
	}
	var other [20]byte
	t.effects.Add(t.DB, cmdSwapDB, t.int(int64(a)), strconv.AppendInt(other[:0], int64(b), 10))
	for _, s := range t.ks.shards {
		s.restateAnew()
	}
}
