package expiry

import (
	"math"
	"slices"
	"testing"
	"unsafe"

	"pgregory.net/rapid"
)

// farm is memory with room for n entries of 24 bytes, handles 1, 4, 7 and so on.
type farm struct {
	mem []uint64
	*Index
}

func newFarm(n int) *farm {
	f := &farm{mem: make([]uint64, 3*n+4)}
	f.Index = New(unsafe.Pointer(&f.mem[0]))
	return f
}

// deadline is what the caller has set.
func (f *farm) deadline(h uint32) uint64 { return f.node(h).Deadline & deadlineMask }

// handle is the n-th entry's.
func handle(n int) uint32 { return uint32(3*n + 1) }

func (f *farm) add(n int, ms uint64) {
	f.node(handle(n)).Deadline = ms
	f.Add(handle(n))
}

// model is what an Index should be: a map of deadlines, searched in full.
type model struct {
	t     *rapid.T
	f     *farm
	at    map[uint32]uint64
	free  []uint32
	now   int64
	exact bool // no removal was made while a list was pending, so counts are exact
}

func (m *model) min() uint64 {
	least := uint64(math.MaxUint64)
	for _, d := range m.at {
		least = min(least, d)
	}
	return least
}

func (m *model) dueCount() int {
	n := 0
	for _, d := range m.at {
		if d <= uint64(m.now) {
			n++
		}
	}
	return n
}

// pick draws one of the entries in the index.
func (m *model) pick() (uint32, bool) {
	if len(m.at) == 0 {
		return 0, false
	}
	keys := make([]uint32, 0, len(m.at))
	for h := range m.at {
		keys = append(keys, h)
	}
	slices.Sort(keys)
	return rapid.SampledFrom(keys).Draw(m.t, "entry"), true
}

// remove takes out any entry, as a DEL does.
func (m *model) remove(h uint32) {
	if m.f.pending != 0 {
		m.exact = false
	}
	m.fire(h)
}

// fire takes out an entry that the index has named: it heads a list, so the counts stay exact.
func (m *model) fire(h uint32) {
	m.f.Remove(h)
	delete(m.at, h)
	m.free = append(m.free, h)
	if len(m.at) == 0 {
		m.exact = true
	}
}

// drawDeadline favours what is near now, a block's edge, or the same as another entry's.
func (m *model) drawDeadline() uint64 {
	switch rapid.IntRange(0, 9).Draw(m.t, "kind") {
	case 0:
		return rapid.Uint64Range(0, deadlineMask).Draw(m.t, "any")
	case 1:
		if h, ok := m.pick(); ok {
			return m.at[h]
		}
		fallthrough
	case 2, 3:
		shift := rapid.IntRange(0, 40).Draw(m.t, "shift")
		edge := uint64(m.now) >> shift << shift
		return min(deadlineMask, edge+uint64(rapid.IntRange(0, 3).Draw(m.t, "past")))
	default:
		span := int64(1) << rapid.IntRange(0, 36).Draw(m.t, "span")
		ttl := rapid.Int64Range(-span/4, span).Draw(m.t, "ttl")
		return uint64(max(0, min(m.now, math.MaxInt64-span)+ttl))
	}
}

func (m *model) drawTime() int64 {
	if m.now > math.MaxInt64/2 {
		return 0
	}
	switch rapid.IntRange(0, 9).Draw(m.t, "jump") {
	case 0:
		return m.now + 365*24*3600*1000
	case 1:
		return max(0, m.now-5000)
	case 2:
		return rapid.Int64Range(0, math.MaxInt64).Draw(m.t, "time")
	case 3:
		if d := m.min(); d <= deadlineMask {
			return max(0, int64(d)-1)
		}
		return m.now
	default:
		return m.now + rapid.Int64Range(0, 1<<rapid.IntRange(0, 24).Draw(m.t, "scale")).Draw(m.t, "step")
	}
}

// check holds the whole structure against the package comment.
func (m *model) check() {
	x, t := m.f.Index, m.t
	if x.Len() != len(m.at) {
		t.Fatalf("Len %d, want %d", x.Len(), len(m.at))
	}
	seen, total, previous := map[uint32]bool{}, 0, uint64(0)
	firstSlot, any := x.first()
	for s := range x.slots {
		if any {
			if s != firstSlot {
				t.Fatalf("first is %d, the order begins with %d", firstSlot, s)
			}
			any = false
		}
		if x.start(s) < previous {
			t.Fatalf("slot %d out of order", s)
		}
		previous = x.start(s)
		total += int(x.counts[s])
		x.ring(s, func(h uint32) bool {
			d, ok := m.at[h]
			if !ok || seen[h] {
				t.Fatalf("entry %d is not in the model, or in two places", h)
			}
			seen[h] = true
			if d+x.shift < x.bound(s) || d+x.shift > x.last(s) {
				t.Fatalf("deadline %d in slot %d of %d to %d", d, s, x.bound(s), x.last(s))
			}
			if in := x.slotOf(d + x.shift); in != s && !(x.isPending(s) && in.level() < s.level()) {
				t.Fatalf("deadline %d in slot %d, belongs to %d", d, s, in)
			}
			if x.node(x.node(h).Next).Prev != h {
				t.Fatalf("ring of slot %d is broken at %d", s, h)
			}
			return true
		})
	}
	if len(seen) != len(m.at) {
		t.Fatalf("found %d of %d entries", len(seen), len(m.at))
	}
	if m.exact && total != len(m.at) || total < len(m.at) {
		t.Fatalf("counts add up to %d of %d", total, len(m.at))
	}
	for s := range slot(slotCount) {
		if !x.has(s) && x.counts[s] != 0 {
			t.Fatalf("empty slot %d counts %d", s, x.counts[s])
		}
	}
	if ms, ok := x.NextMs(); ok != (len(m.at) > 0) || ok && uint64(ms) > m.min() {
		t.Fatalf("NextMs %d %v, the nearest is %d", ms, ok, m.min())
	}
}

// TestIndexIsASortedSet drives an Index and a plain map with the same operations at arbitrary, also decreasing, times.
func TestIndexIsASortedSet(t *testing.T) { rapid.Check(t, sortedSet) }

// FuzzIndexIsASortedSet lets the fuzzer choose the operations.
func FuzzIndexIsASortedSet(f *testing.F) { f.Fuzz(rapid.MakeFuzz(sortedSet)) }

func sortedSet(t *rapid.T) {
	const room = 200
	m := &model{t: t, f: newFarm(room), at: map[uint32]uint64{}, exact: true}
	m.f.Index = NewShifted(m.f.base, rapid.SampledFrom([]int64{0, 1, 12_345_678, maxShift - 1}).Draw(t, "shift"))
	m.now = rapid.SampledFrom([]int64{0, 3_600_000, 1_732_000_000_000}).Draw(t, "start")
	for i := range room {
		m.free = append(m.free, handle(i))
	}
	t.Repeat(m.actions())
}

func (m *model) actions() map[string]func(*rapid.T) {
	return map[string]func(*rapid.T){
		"": func(*rapid.T) { m.check() },
		"add": func(*rapid.T) {
			d := m.drawDeadline()
			for n := rapid.IntRange(1, 30).Draw(m.t, "copies"); n > 0 && len(m.free) > 1; n-- {
				h := m.free[len(m.free)-1]
				m.free = m.free[:len(m.free)-1]
				m.f.node(h).Deadline = d | uint64(n&1)<<63
				m.f.Add(h)
				m.at[h] = d
				if rapid.Bool().Draw(m.t, "spread") {
					d = min(deadlineMask, d+uint64(rapid.IntRange(0, 1000).Draw(m.t, "apart")))
				}
			}
		},
		"remove": func(*rapid.T) {
			if h, ok := m.pick(); ok {
				m.remove(h)
			}
		},
		"rearm": func(*rapid.T) {
			if h, ok := m.pick(); ok {
				if m.f.pending != 0 {
					m.exact = false
				}
				d := m.drawDeadline()
				if rapid.Bool().Draw(m.t, "renewed") {
					d = min(deadlineMask, m.at[h]+uint64(rapid.IntRange(0, 5000).Draw(m.t, "later")))
				}
				m.at[h] = d
				m.f.Rearm(h, d|m.f.node(h).Deadline&^uint64(deadlineMask))
			}
		},
		"relocate": func(*rapid.T) {
			if h, ok := m.pick(); ok && len(m.free) > 0 {
				to := m.free[0]
				*m.f.node(to) = *m.f.node(h)
				m.f.Relocate(h, to)
				m.at[to] = m.at[h]
				delete(m.at, h)
				m.free[0] = h
				*m.f.node(h) = Node{Deadline: 12345, Prev: 0x7fffffff, Next: 0x7fffffff}
			}
		},
		"time": func(*rapid.T) { m.now = m.drawTime() },
		"min": func(*rapid.T) {
			h, ok := m.f.Min()
			if ok != (len(m.at) > 0) || ok && m.at[h] != m.min() {
				m.t.Fatalf("Min %d %v, want %d", m.at[h], ok, m.min())
			}
			if ok && rapid.Bool().Draw(m.t, "evict") {
				m.remove(h)
			}
		},
		"nearest":  func(*rapid.T) { m.nearest() },
		"due":      func(*rapid.T) { m.due() },
		"fire all": func(*rapid.T) { m.fireAll() },
		"count":    func(*rapid.T) { m.count() },
	}
}

func (m *model) nearest() {
	h, exact, ok := m.f.Nearest(rapid.IntRange(0, 20).Draw(m.t, "work"))
	if ok != (len(m.at) > 0) || ok && exact && m.at[h] != m.min() {
		m.t.Fatalf("Nearest %d %v, want %d", m.at[h], ok, m.min())
	}
	if s, _ := m.f.first(); ok && !exact && m.at[h]+m.f.shift > m.f.last(s) {
		m.t.Fatalf("Nearest %d is after the first slot, which ends at %d", m.at[h], m.f.last(s))
	}
}

// due makes one bounded step.
func (m *model) due() {
	before, work := m.f.Moves(), rapid.IntRange(1, 20).Draw(m.t, "work")
	h, state := m.f.Advance(m.now, work)
	if moved := m.f.Moves() - before; moved > uint64(work)+slotCount {
		m.t.Fatalf("moved %d entries and lists, allowed %d", moved, work)
	}
	switch next, ok := m.f.NextMs(); {
	case state == Found && m.at[h] > uint64(m.now):
		m.t.Fatalf("fired %d at %d", m.at[h], m.now)
	case state == Nothing && m.dueCount() > 0:
		m.t.Fatalf("%d due at %d were not found", m.dueCount(), m.now)
	case state == Nothing && ok && next <= m.now:
		m.t.Fatalf("nothing due at %d, yet NextMs is %d", m.now, next)
	case state == Found && rapid.Bool().Draw(m.t, "fire"):
		m.fire(h)
	}
}

// fireAll takes out everything that is due: exactly that.
func (m *model) fireAll() {
	want := m.dueCount()
	for {
		h, state := m.f.Advance(m.now, 3)
		if state == Nothing {
			break
		}
		if state == Found {
			if m.at[h] > uint64(m.now) {
				m.t.Fatalf("fired %d at %d", m.at[h], m.now)
			}
			m.fire(h)
			want--
		}
	}
	if want != 0 {
		m.t.Fatalf("%d were due and not fired", want)
	}
}

func (m *model) count() {
	got, want := m.f.CountDue(m.now), m.dueCount()
	if m.exact && got != want || got < want && m.f.pending == 0 {
		m.t.Fatalf("CountDue %d, want %d", got, want)
	}
	if least := m.f.AtLeastDue(m.now); m.exact && m.f.pending == 0 && least != want || least > want {
		m.t.Fatalf("AtLeastDue %d, want %d", least, want)
	}
}
