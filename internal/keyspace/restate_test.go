package keyspace

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"
)

// told is when a key goes by what the stream says: PXAT and PEXPIREAT, carried along by RENAME, COPY, MOVE and SWAPDB.
func told(t *testing.T, stream []byte) map[string]int64 {
	at, db := map[string]int64{}, "0"
	for _, c := range commands(t, stream) {
		switch c[0] {
		case "SELECT":
			db = c[1]
		case "SET":
			delete(at, db+"/"+c[1])
			if len(c) == 5 {
				at[db+"/"+c[1]], _ = strconv.ParseInt(c[4], 10, 64)
			}
		case "PEXPIREAT":
			at[db+"/"+c[1]], _ = strconv.ParseInt(c[2], 10, 64)
		case "RENAME":
			at[db+"/"+c[2]] = at[db+"/"+c[1]]
			delete(at, db+"/"+c[1])
		case "COPY":
			to := db
			if len(c) == 6 {
				to = c[4]
			}
			at[to+"/"+c[2]] = at[db+"/"+c[1]]
		case "MOVE":
			at[c[2]+"/"+c[1]] = at[db+"/"+c[1]]
			delete(at, db+"/"+c[1])
		case "SWAPDB":
			swapped := map[string]int64{}
			for k, ms := range at {
				switch k[:1] {
				case c[1]:
					k = c[2] + k[1:]
				case c[2]:
					k = c[1] + k[1:]
				}
				swapped[k] = ms
			}
			at = swapped
		}
	}
	return at
}

// checkTold compares the stream's deadlines with the keys'.
func (f *fixture) checkTold(fo *follower, want int) {
	f.t.Helper()
	at := told(f.t.(*testing.T), fo.stream)
	for db := range f.k.dbs {
		f.in(db, func(tx *Txn) {
			tx.Each(func(en Entry) {
				name := fmt.Sprintf("%d/%s", db, en.Key())
				if en.Deadline() == None {
					return
				}
				want--
				if ms := tx.UnixMs(en.Deadline()); at[name] != ms || en.StatedMs() != ms {
					f.t.Errorf("%s goes at %d, told %d, StatedMs %d", name, ms, at[name], en.StatedMs())
				}
			})
		})
	}
	if want != 0 {
		f.t.Errorf("%d keys with a deadline are missing", want)
	}
}

// restate does what is to be done in slices of one step each, with fn in between.
func (f *fixture) restate(fn func()) (slices int) {
	slow := &tickingClock{Fake: f.clock, step: time.Millisecond}
	for more := true; more; {
		more = false
		for shard := range f.k.shards {
			if f.tx.RestateSlice(shard, f.clock.Now(), time.Microsecond, slow) {
				more = true
				slices++
			}
			fn()
		}
	}
	return slices
}

// After a step of the wall clock a relative TTL ends at another unix time, and the stream says so; an absolute one does not
// move, and nothing is said of it.
func TestAStepOfTheClockStatesRelativeDeadlinesAgain(t *testing.T) {
	f := newFixture(t, 4)
	f.quiet()
	fo := f.follow()
	for i := range 2000 {
		f.set(name(i), "x", f.after(time.Duration(i+10)*time.Hour))
	}
	f.set("absolute", "x", f.at(10*time.Hour))
	f.set("stays", "x", None)
	f.checkTold(fo, 2001)
	for _, step := range []time.Duration{time.Hour, -time.Hour, 5 * time.Millisecond, -2 * time.Millisecond} {
		fo.take(t)
		f.clock.StepWall(step)
		if n := f.restate(func() {}); n < 8 {
			t.Errorf("%v: %d slices", step, n)
		}
		f.checkTold(fo, 2001)
		if n := len(commands(t, fo.stream[fo.taken:])); n != 2000 {
			t.Errorf("%v: %d commands for 2000 deadlines", step, n)
		}
		for shard := range f.k.shards {
			if f.k.needsRestating(shard, f.clock.Now()) {
				t.Errorf("%v: shard %d is to be restated again", step, shard)
			}
		}
	}
}

// A reading of the clocks that is off by a millisecond is no step.
func TestNoiseOfTheClocksIsNoStep(t *testing.T) {
	f := newFixture(t, 4)
	fo := f.follow()
	f.set("a", "x", f.after(time.Hour))
	first := told(t, fo.stream)["0/a"]
	for _, d := range []time.Duration{time.Millisecond, -2 * time.Millisecond, time.Millisecond} {
		f.clock.StepWall(d)
		if n := f.restate(func() {}); n != 0 {
			t.Errorf("after %v: restated in %d slices", d, n)
		}
		f.do(func(tx *Txn) {
			en, _ := tx.Peek([]byte("a"))
			_, _ = tx.SetDeadline(en, en.Deadline(), eventTest)
		})
		if at := told(t, fo.stream)["0/a"]; at != first {
			t.Errorf("after %v: the same deadline is stated as %d and as %d", d, first, at)
		}
	}
}

// Keys that change places while the deadlines are being stated again are not missed, and the next step may come meanwhile.
func TestKeysThatMoveWhileDeadlinesAreRestated(t *testing.T) {
	const keys = 8000
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 1))
	f := newFixture(t, 2)
	f.quiet()
	fo := f.follow()
	for i := range keys {
		f.set(name(i), "x", f.after(time.Duration(i+1)*time.Hour))
	}
	for i := range 50 { // in the database that is exchanged with that one
		f.in(1, func(tx *Txn) {
			_ = tx.PutString([]byte(name(i)), []byte("x"), PutOptions{Deadline: tx.After(1e9)}, eventTest)
		})
	}
	f.clock.StepWall(time.Minute)
	moved, turns := 0, 0
	f.restate(func() {
		if turns++; turns == 20 || turns == 60 {
			f.in(0, func(tx *Txn) { tx.Swap(0, 1) })
		}
		if turns == 40 {
			f.clock.StepWall(time.Minute)
		}
		for range 50 {
			f.in(rnd.IntN(3), func(tx *Txn) {
				en, ok := tx.Peek([]byte(name(rnd.IntN(keys))))
				if !ok {
					return
				}
				moved++
				dst := fmt.Appendf(nil, "moved:%d", moved)
				switch moved % 4 {
				case 0:
					_ = tx.Move(en, tx.DB, dst, eventTest, eventTest)
				case 1:
					_ = tx.Move(en, (tx.DB+1)%3, dst, eventTest, eventTest)
				case 2:
					_ = tx.CopyTo(en, tx.DB, dst, eventTest)
				case 3:
					if _, taken := tx.PeekIn(3, en.Key()); !taken {
						_ = tx.Move(en, 3, en.Key(), eventTest, eventTest)
					}
				}
			})
		}
	})
	if turns < 80 || moved < 1000 {
		t.Fatalf("all was stated again in %d turns, with %d moves", turns, moved)
	}
	n := 0
	for db := range f.k.dbs {
		f.in(db, func(tx *Txn) { n += tx.Len() })
	}
	f.checkTold(fo, n)
}
