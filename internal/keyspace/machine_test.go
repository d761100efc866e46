package keyspace

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/curfewkv/curfew/internal/eviction"
	"github.com/curfewkv/curfew/internal/journal"
)

// machine compares a keyspace with a model of maps, over random sequences of everything that a transaction can do. After
// each step the content is compared and every invariant checked.
type machine struct {
	*fixture
	clock2 *tickingClock // for slices: they end early
	model  [4]map[string]stored
	reads  []heldRead
}

// stored is a key of the model, due ones included until something removes them.
type stored struct {
	value string
	at    Deadline
	attrs modelAttrs
}

func newMachine(t *rapid.T, tb testing.TB) *machine {
	shards := 1 << rapid.IntRange(0, 3).Draw(t, "shards, log2")
	reserve := int64(testReserve)
	if rapid.IntRange(0, 3).Draw(t, "small") == 0 {
		reserve = rapid.Int64Range(3, 60).Draw(t, "pages") * 4096 // for keys, values and the index
	}
	m := &machine{fixture: newSmallFixture(tb, shards, reserve)}
	m.clock2 = &tickingClock{Fake: m.clock, step: 100 * time.Microsecond}
	for db := range m.model {
		m.model[db] = map[string]stored{}
	}
	return m
}

func (m *machine) due(at Deadline) bool { return at != None && at.due(m.clock.Now()) }

// follow applies what the keyspace did by itself, by its records: keys that expired or were evicted. Each record of another
// kind must be one of want, in order.
func (m *machine) follow(t *rapid.T, want ...string) {
	t.Helper()
	var got []string
	for _, r := range m.log.take() {
		key, db := string(r.Key), r.DB
		switch r.Reason {
		case journal.Expired:
			if k, ok := m.model[db][key]; !ok || !m.due(k.at) {
				t.Fatalf("%d/%s expired: %+v, known %v", db, key, k, ok)
			}
			delete(m.model[db], key)
		case journal.Evicted:
			k, ok := m.model[db][key]
			p := m.k.Policy()
			if !ok || m.due(k.at) || p.Volatile() && k.at == None || p == eviction.NoEviction {
				t.Fatalf("%s evicted %d/%s: %+v, known %v", p, db, key, k, ok)
			}
			delete(m.model[db], key)
		case journal.Missed:
		default:
			got = append(got, fmt.Sprintf("%d/%s %d %s", db, key, r.Reason, r.Event.Name))
		}
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Fatalf("records %q, want %q", got, want)
	}
}

func record(db int, key string, r journal.Reason, name string) string {
	return fmt.Sprintf("%d/%s %d %s", db, key, r, name)
}

// written are the records of a write.
func (m *machine) written(db int, key string, existed bool) []string {
	if existed {
		return []string{record(db, key, journal.Write, "test")}
	}
	return []string{record(db, key, journal.Created, "new"), record(db, key, journal.Write, "test")}
}

// names is how many names the keys have but for a long one: few, so that steps meet the keys of others.
const names = 9

func drawKey(t *rapid.T, label string) string {
	i := rapid.IntRange(0, names).Draw(t, label)
	if i == names {
		return string(bytes.Repeat([]byte("long"), 100))
	}
	return "k" + strconv.Itoa(i)
}

// drawDB draws database 0 most of the time, so that keys meet.
func drawDB(t *rapid.T, label string) int { return max(0, rapid.IntRange(-6, 3).Draw(t, label)) }

func drawValue(t *rapid.T) string {
	switch rapid.IntRange(0, 5).Draw(t, "kind of value") {
	case 0:
		return strconv.FormatInt(rapid.Int64().Draw(t, "integer"), 10)
	case 1:
		return string(bytes.Repeat([]byte("x"), rapid.IntRange(0, 64).Draw(t, "length")))
	case 2:
		return string(bytes.Repeat([]byte("y"), rapid.IntRange(200, 300).Draw(t, "length")))
	case 3:
		return string(bytes.Repeat([]byte("z"), rapid.IntRange(0, 90_000).Draw(t, "length")))
	case 4:
		return string(bytes.Repeat([]byte("w"), rapid.IntRange(largeString-100, 2*largeString+100).Draw(t, "length")))
	}
	return rapid.StringN(0, 20, 40).Draw(t, "text")
}

// drawDeadline may be in the past.
func (m *machine) drawDeadline(t *rapid.T) Deadline {
	now := m.clock.Now()
	ms := rapid.OneOf(rapid.Int64Range(-5, 70), rapid.Int64Range(0, 1<<13), rapid.Int64Range(0, 1<<34)).Draw(t, "ms left")
	switch rapid.IntRange(0, 3).Draw(t, "timeline") {
	case 0:
		return monoDeadline(now.MonoMs() + ms)
	case 1:
		return wallDeadline(now.WallMs() + ms)
	}
	return None
}

// seen is the key of the model as a reader sees it.
func (m *machine) seen(db int, key string) (stored, bool) {
	k, ok := m.model[db][key]
	return k, ok && !m.due(k.at)
}

// refused reports whether the step was refused for want of memory or of address space; then nothing may have changed.
func (m *machine) refused(t *rapid.T, err error) bool {
	var need *NeedRoom
	if err != nil && !errors.As(err, &need) && !errors.Is(err, ErrExhausted) {
		t.Fatal(err)
	}
	return err != nil
}

func (m *machine) put(t *rapid.T) {
	db, key, value := drawDB(t, "db"), drawKey(t, "key"), drawValue(t)
	o := PutOptions{Deadline: m.drawDeadline(t), Quiet: rapid.Bool().Draw(t, "quiet")}
	if o.Deadline == None {
		o.KeepTTL = rapid.Bool().Draw(t, "keep TTL")
	}
	old, existed := m.seen(db, key)
	var err error
	m.in(db, func(tx *Txn) {
		if rapid.Bool().Draw(t, "as text") {
			err = tx.PutText([]byte(key), []byte(value), o, eventTest)
		} else {
			err = tx.PutString([]byte(key), []byte(value), o, eventTest)
		}
	})
	if m.refused(t, err) {
		m.follow(t)
		return
	}
	at := o.Deadline
	if o.KeepTTL && existed {
		at = old.at
	}
	want := m.written(db, key, existed)
	if o.Deadline != None && !o.Quiet {
		want = append(want, record(db, key, journal.Touched, "expire"))
	}
	m.follow(t, want...)
	attrs := modelAttrs{}
	if existed {
		attrs = old.attrs.keep(attrsKept(o.KeepTTL))
	}
	m.model[db][key] = stored{value, at, attrs}
}

func (m *machine) putAt(t *rapid.T) {
	db, key, value := drawDB(t, "db"), drawKey(t, "key"), drawValue(t)
	offset := rapid.IntRange(0, 500).Draw(t, "offset")
	if _, exists := m.seen(db, key); exists {
		return
	}
	var err error
	m.in(db, func(tx *Txn) { err = tx.PutAt([]byte(key), offset, []byte(value), eventTest) })
	if m.refused(t, err) {
		m.follow(t)
		return
	}
	m.follow(t, m.written(db, key, false)...)
	m.model[db][key] = stored{value: string(make([]byte, offset)) + value}
}

func (m *machine) edit(t *rapid.T) {
	db, key := drawDB(t, "db"), drawKey(t, "key")
	what, value := rapid.IntRange(0, 2).Draw(t, "how"), drawValue(t)
	at, on := rapid.IntRange(0, 300).Draw(t, "at"), rapid.Bool().Draw(t, "on")
	old, exists := m.seen(db, key)
	var err error
	m.in(db, func(tx *Txn) {
		en, ok := tx.Write([]byte(key))
		if ok != exists {
			t.Fatalf("found %v, want %v", ok, exists)
		}
		if !ok {
			return
		}
		switch what {
		case 0:
			err = tx.Append(en, []byte(value), eventTest)
		case 1:
			err = tx.SetRange(en, at, []byte(value), eventTest)
		case 2:
			err = tx.SetBit(en, int64(at), on, eventTest)
		}
	})
	if m.refused(t, err) || !exists {
		m.follow(t)
		return
	}
	edited, changed := edit(old.value, what, value, at, on)
	if !changed {
		m.follow(t)
		return
	}
	m.follow(t, record(db, key, journal.Write, "test"))
	m.model[db][key] = stored{edited, old.at, old.attrs}
}

// edit is the model of Append, SetRange and SetBit.
func edit(old string, what int, value string, at int, on bool) (edited string, changed bool) {
	if what == 0 {
		return old + value, true
	}
	end := at + len(value)
	if what == 2 {
		end = at/8 + 1
	}
	b := append([]byte(old), make([]byte, max(0, end-len(old)))...)
	if what == 1 {
		copy(b[at:], value)
		return string(b), true
	}
	mask := byte(0x80 >> (at % 8))
	was := b[at/8]&mask != 0
	if b[at/8] &^= mask; on {
		b[at/8] |= mask
	}
	return string(b), was != on || end > len(old)
}

func (m *machine) setDeadline(t *rapid.T) {
	db, key, at := drawDB(t, "db"), drawKey(t, "key"), m.drawDeadline(t)
	old, exists := m.seen(db, key)
	var err error
	m.in(db, func(tx *Txn) {
		en, ok := tx.Peek([]byte(key))
		if ok != exists {
			t.Fatalf("found %v, want %v", ok, exists)
		}
		if ok {
			if en, err = tx.SetDeadline(en, at, eventTest); err == nil && (en.Deadline() != at || en.DBIndex() != db) {
				t.Fatalf("deadline %v", en.Deadline())
			}
		}
	})
	if m.refused(t, err) || !exists {
		m.follow(t)
		return
	}
	m.follow(t, record(db, key, journal.Touched, "test"))
	m.model[db][key] = stored{old.value, at, old.attrs}
}

func (m *machine) remove(t *rapid.T) {
	db, key := drawDB(t, "db"), drawKey(t, "key")
	_, exists := m.seen(db, key)
	m.in(db, func(tx *Txn) {
		en, ok := tx.Read([]byte(key))
		if ok != exists {
			t.Fatalf("found %v, want %v", ok, exists)
		}
		if ok {
			tx.Delete(en, eventTest)
		}
	})
	if !exists {
		m.follow(t)
		return
	}
	m.follow(t, record(db, key, journal.Deleted, "test"))
	delete(m.model[db], key)
}

// replaced are the records ahead of the write to a key that another's value was given to.
func replaced(db int, key string, existed bool) (out []string) {
	if existed {
		out = append(out, record(db, key, journal.Deleted, ""))
	}
	return append(out, record(db, key, journal.Created, "new"))
}

func (m *machine) move(t *rapid.T) {
	from, to := drawDB(t, "from db"), drawDB(t, "to db")
	key, dst := drawKey(t, "key"), drawKey(t, "destination")
	if rapid.Bool().Draw(t, "same name") {
		dst = key
	}
	if from == to && key == dst {
		return // the command's to refuse
	}
	k, exists := m.seen(from, key)
	_, taken := m.seen(to, dst)
	var err error
	m.in(from, func(tx *Txn) {
		if en, ok := tx.Write([]byte(key)); ok {
			err = tx.Move(en, to, []byte(dst), journal.Event{Name: "from"}, journal.Event{Name: "to"})
		}
	})
	if m.refused(t, err) || !exists {
		m.follow(t)
		return
	}
	m.follow(t, append(replaced(to, dst, taken), record(from, key, journal.Moved, "from"), record(to, dst, journal.Write, "to"))...)
	delete(m.model[from], key)
	m.model[to][dst] = k
}

func (m *machine) copyTo(t *rapid.T) {
	from, to := drawDB(t, "from db"), drawDB(t, "to db")
	key, dst := drawKey(t, "key"), drawKey(t, "destination")
	if from == to && key == dst {
		return
	}
	k, exists := m.seen(from, key)
	_, taken := m.seen(to, dst)
	var err error
	m.in(from, func(tx *Txn) {
		if en, ok := tx.Read([]byte(key)); ok {
			err = tx.CopyTo(en, to, []byte(dst), eventTest)
		}
	})
	if m.refused(t, err) || !exists {
		m.follow(t)
		return
	}
	m.follow(t, append(replaced(to, dst, taken), record(to, dst, journal.Write, "test"))...)
	k.attrs = k.attrs.keep(attrsCopied)
	m.model[to][dst] = k
}

// rarely keeps a step that removes many keys from being taken too often.
func rarely(t *rapid.T) bool { return rapid.IntRange(0, 5).Draw(t, "rarely") == 5 }

func (m *machine) flush(t *rapid.T) {
	if !rarely(t) {
		return
	}
	db := drawDB(t, "db")
	sync := rapid.Bool().Draw(t, "sync")
	n, want := 0, 0
	m.in(db, func(tx *Txn) { n = tx.Flush(db, sync) })
	for _, k := range m.model[db] {
		if !m.due(k.at) {
			want++
		}
	}
	if n != want {
		t.Fatalf("Flush tells of %d keys, %d were seen", n, want)
	}
	m.follow(t, record(db, "", journal.Flushed, ""))
	clear(m.model[db])
}

func (m *machine) swap(t *rapid.T) {
	a, b := drawDB(t, "db"), drawDB(t, "other db")
	m.in(0, func(tx *Txn) { tx.Swap(a, b) })
	m.follow(t, record(a, "", journal.Swapped, ""), record(b, "", journal.Swapped, ""))
	m.model[a], m.model[b] = m.model[b], m.model[a]
}

func (m *machine) slices(t *rapid.T) {
	shard := rapid.IntRange(0, len(m.k.shards)-1).Draw(t, "shard")
	budget := time.Duration(rapid.IntRange(0, 300).Draw(t, "budget in us")) * time.Microsecond
	m.tx.ExpireSlice(shard, m.clock.Now(), budget, m.clock2)
	m.tx.DrainSlice(shard, budget, m.clock2)
	m.tx.DefragSlice(shard, budget, m.clock2)
	m.k.ReleaseOne(shard)
	m.follow(t)
}

// relocate moves entries as a pass of defragmentation does.
func (m *machine) relocate(t *rapid.T) {
	for _, s := range m.k.shards {
		for _, d := range s.dbs {
			if d == nil {
				continue
			}
			for i, h := range handles(d.table) {
				if i%2 == rapid.IntRange(0, 1).Draw(t, "parity") {
					s.relocate(d, h)
				}
			}
			for cursor := uint32(0); ; {
				if cursor = d.table.Relocate(cursor, 2); cursor == 0 {
					break
				}
			}
		}
	}
	m.follow(t)
}

func (m *machine) expireAll(t *rapid.T) {
	m.do(func(tx *Txn) {
		for _, s := range m.k.shards {
			tx.expireShard(s)
		}
	})
	m.follow(t)
	for db := range m.model {
		for key, k := range m.model[db] {
			if m.due(k.at) {
				t.Fatalf("%d/%s is due and was left", db, key)
			}
		}
	}
}

func (m *machine) makeRoom(t *rapid.T) {
	p := eviction.Policy(rapid.IntRange(0, int(eviction.VolatileTTL)).Draw(t, "policy"))
	m.k.SetPolicy(p)
	limit := m.k.Used()
	if rarely(t) {
		limit = rapid.Int64Range(1, m.k.Used()+1).Draw(t, "maxmemory")
	}
	need := rapid.Int64Range(0, 1000).Draw(t, "need")
	m.k.Settings.MaxMemory.Store(limit)
	before, due := 0, 0
	for db := range m.model {
		before += len(m.model[db])
		for _, k := range m.model[db] {
			if m.due(k.at) {
				due++
			}
		}
	}
	over := m.k.Over(need) > 0
	ok := m.tx.MakeRoom(m.clock.Now(), need, m.clock)
	m.follow(t)
	held := m.k.Settings.HoldExpiry.Load()
	if ok != (m.k.Over(need) <= 0) {
		t.Fatalf("MakeRoom reports %v, %d bytes are too much", ok, m.k.Over(need))
	}
	if !ok && !held {
		for db := range m.model {
			for key, k := range m.model[db] {
				if m.due(k.at) {
					t.Fatalf("refused while %d/%s is due", db, key)
				}
				if need+m.k.blobs.Held() <= limit && (p.AllKeys() || p.Volatile() && k.at != None) {
					t.Fatalf("%s refused while %d/%s could go", p, db, key)
				}
			}
		}
	}
	if (held || !over) && m.storedKeys() != before {
		t.Fatalf("%d keys went, expiry held %v, too much %v", before-m.storedKeys(), held, over)
	}
	m.k.Settings.MaxMemory.Store(0)
}

func (m *machine) storedKeys() (n int) {
	for db := range m.model {
		n += len(m.model[db])
	}
	return n
}

// need lets a large mutation meet a limit: it must say how much it needs and change nothing.
func (m *machine) need(t *rapid.T) {
	m.k.Settings.MaxMemory.Store(m.k.Used() + 1)
	defer m.k.Settings.MaxMemory.Store(0)
	db, key := drawDB(t, "db"), drawKey(t, "key")
	old, exists := m.seen(db, key)
	m.in(db, func(tx *Txn) {
		var err error
		if en, ok := tx.Write([]byte(key)); ok {
			err = tx.SetRange(en, len(old.value)+1<<20, []byte("x"), eventTest)
		} else {
			err = tx.PutAt([]byte(key), 1<<20, nil, eventTest)
		}
		var need *NeedRoom
		if !errors.As(err, &need) && !errors.Is(err, ErrExhausted) || need != nil && need.Bytes < roomCheck {
			t.Fatalf("1 MiB more at the limit: %v", err)
		}
	})
	if k, ok := m.seen(db, key); ok != exists || k != old {
		t.Fatal("a refused mutation changed the key")
	}
	m.follow(t)
}

func (m *machine) pass(t *rapid.T) {
	longest := int64(100)
	if rarely(t) {
		longest = 1 << 32
	}
	m.clock.Advance(time.Duration(rapid.Int64Range(0, longest).Draw(t, "ms")) * time.Millisecond)
}

func (m *machine) step(t *rapid.T) {
	m.clock.StepWall(time.Duration(rapid.Int64Range(-10_000, 10_000).Draw(t, "ms")) * time.Millisecond)
}

func (m *machine) switches(t *rapid.T) {
	m.k.Settings.HoldExpiry.Store(rapid.IntRange(0, 3).Draw(t, "hold expiry") == 0)
	m.k.Settings.ActiveExpiry.Store(rapid.IntRange(0, 3).Draw(t, "active expiry off") != 0)
	m.k.Settings.WallExpiry.Store(rapid.Bool().Draw(t, "expire-clock wall"))
}

func (m *machine) random(t *rapid.T) {
	db := drawDB(t, "db")
	any := false
	for key := range m.model[db] {
		if _, ok := m.seen(db, key); ok {
			any = true
		}
	}
	m.in(db, func(tx *Txn) {
		en, ok := tx.Random(rapid.Uint64().Draw(t, "random"))
		if ok != any {
			t.Fatalf("a random key was found: %v, there is one: %v", ok, any)
		}
		if ok {
			if _, there := m.seen(db, string(en.Key())); !there {
				t.Fatalf("%q was drawn", en.Key())
			}
		}
	})
	m.follow(t)
}

// compare checks the content against the model.
func (m *machine) compare(t *rapid.T) {
	for db, keys := range m.model {
		visible := 0
		for key, k := range keys {
			if !m.due(k.at) {
				visible++
			}
			var value string
			var at Deadline
			found := false
			hash := m.k.hash([]byte(key))
			s := m.k.shards[m.k.shardIndex(hash)]
			if d := s.dbs[db]; d != nil {
				if slot, h := d.table.Find(hash, []byte(key)); h != 0 {
					en := Entry{s: s, d: d, db: db, hash: hash, slot: slot, h: h, e: s.arena.Entry(h)}
					value, at, found = string(en.String(nil)), en.Deadline(), true
					if got := attrsOf(en); got != k.attrs {
						t.Fatalf("%d/%s: attributes %+v, want %+v", db, key, got, k.attrs)
					}
					if en.StringLen() != len(value) || en.Type() != "string" {
						t.Fatalf("%d/%s: length %d of %d, type %s", db, key, en.StringLen(), len(value), en.Type())
					}
				}
			}
			if !found || value != k.value || at != k.at {
				t.Fatalf("%d/%s: found %v, %d bytes, deadline %x; want %d bytes, deadline %x", db, key, found, len(value), uint64(at), len(k.value), uint64(k.at))
			}
		}
		m.in(db, func(tx *Txn) {
			if n := tx.length(); n != len(keys) {
				t.Fatalf("db %d: %d keys are stored, want %d", db, n, len(keys))
			}
			if n := tx.Len(); n != visible {
				t.Fatalf("db %d: %d keys, want %d", db, n, visible)
			}
			seen := map[string]bool{}
			tx.Each(func(en Entry) {
				if _, ok := m.seen(db, string(en.Key())); !ok || seen[string(en.Key())] {
					t.Fatalf("db %d: a scan hands out %q", db, en.Key())
				}
				seen[string(en.Key())] = true
			})
			if len(seen) != visible {
				t.Fatalf("db %d: a scan hands out %d keys of %d", db, len(seen), visible)
			}
		})
	}
}

// TestMain makes rapid's sequences longer and more than it would, unless flags say otherwise: most keys should exist.
func TestMain(m *testing.M) {
	flag.Parse()
	set := map[string]bool{}
	flag.Visit(func(f *flag.Flag) { set[f.Name] = true })
	for name, value := range map[string]string{"rapid.steps": "100", "rapid.checks": "300"} {
		if set[name] {
			continue
		}
		if err := flag.Set(name, value); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}

func TestTransactionsAgainstAModel(t *testing.T) {
	rapid.Check(t, func(t2 *rapid.T) {
		m := newMachine(t2, t)
		defer m.k.Close()
		t2.Repeat(map[string]func(*rapid.T){
			"put":         m.put,
			"put again":   m.put,
			"put anew":    m.put,
			"put too":     m.put,
			"putAt":       m.putAt,
			"edit":        m.edit,
			"setDeadline": m.setDeadline,
			"delete":      m.remove,
			"move":        m.move,
			"move again":  m.move,
			"copy":        m.copyTo,
			"flush":       m.flush,
			"swap":        m.swap,
			"slices":      m.slices,
			"relocate":    m.relocate,
			"expire all":  m.expireAll,
			"make room":   m.makeRoom,
			"need":        m.need,
			"pass":        m.pass,
			"step":        m.step,
			"switches":    m.switches,
			"random":      m.random,
			"attribute":   m.attribute,
			"hold":        m.hold,
			"let go":      m.letGo,
			"": func(t *rapid.T) {
				m.compare(t)
				m.compareReads(t)
				m.log.take() // of the looks
				check(t, m.k)
			},
		})
		if n := m.counts().EvictedExpiredPresent; n != 0 {
			t2.Fatalf("%d keys were evicted beside due ones", n)
		}
		for db := range m.model {
			m.in(db, func(tx *Txn) { tx.Flush(db, true) })
		}
		for len(m.reads) > 0 {
			m.reads[0].Release()
			m.reads = m.reads[1:]
		}
		for shard := range m.k.shards { // what was flushed without sync
			for m.tx.DrainSlice(shard, time.Second, m.clock) {
			}
		}
		if n := m.k.Used(); n != 0 {
			t2.Fatalf("%d bytes are in use without keys", n)
		}
	})
}
