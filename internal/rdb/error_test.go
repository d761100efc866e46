package rdb

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"runtime"
	"strings"
	"testing"
)

func TestWhatIsNotUnderstoodIsSaid(t *testing.T) {
	start := func() *file { return newFile("REDIS0011").raw(opSelectDB, 0).raw(typeString).str("first", "v") }
	ofValkey := func() *file { return newFile("VALKEY081").raw(opSelectDB, 0).raw(typeString).str("first", "v") }
	for name, c := range map[string]struct {
		file *file
		want error
		says string
	}{
		"unknown type":            {start().raw(28).str("k"), ErrUnknown, "type or opcode 28, in a file of format REDIS 11"},
		"type 8 never was":        {start().raw(8).str("k"), ErrUnknown, "type or opcode 8"},
		"unknown opcode":          {start().raw(242), ErrUnknown, "242"},
		"type of Redis in Valkey": {ofValkey().raw(typeHashMetadata).str("k"), ErrUnknown, "type 24"},
		"new type of Valkey":      {ofValkey().raw(23).str("k"), ErrUnknown, "VALKEY 81; this reader was made for those up to 80"},
		"modules of candidates":   {start().raw(typeModulePreGA).str("k"), ErrUnknown, `key "k"`},
		"functions of candidates": {start().raw(opFunctionPreGA), ErrUnknown, "candidate"},
		"string form":             {start().raw(typeString).str("k").raw(0xc4), ErrUnknown, "form 4"},
		"piece of a module":       {start().raw(typeModule2).str("k").nums(1, 9), ErrUnknown, "piece 9"},
		"length":                  {start().raw(typeString).raw(0x82), ErrCorrupt, "0x82"},
		"huge key":                {start().raw(typeString).num(1 << 40), ErrCorrupt, "a key of"},
		"huge string":             {start().raw(typeString).str("k").num(math.MaxUint64), ErrCorrupt, "a string of"},
		"huge set":                {start().raw(typeSet).str("k").num(1 << 60), ErrCorrupt, "members"},
		"impossible compression":  {start().raw(typeString).str("k").raw(0xc3).nums(10, 1<<40), ErrCorrupt, "compressed"},
		"number that is a string": {start().raw(typeSet).str("k").raw(0xc0, 1), ErrCorrupt, "number is due"},
		"list node":               {start().raw(typeListQuicklist2).str("k").nums(1, 3).str("x"), ErrCorrupt, "kind 3"},
		"short listpack":          {start().raw(typeHashListpack).str("k").str("xxx"), ErrCorrupt, "3 bytes"},
		"intset":                  {start().raw(typeSetIntset).str("k").str(intset(4, 1, 2) + "x"), ErrCorrupt, "integers"},
		"stream id":               {start().raw(typeStream).str("k").num(1).str("short"), ErrCorrupt, "id of 5 bytes"},
		"hash of four":            {start().raw(typeHashListpackEx).str("k").le64(0).str(listpack(1, 2, 3, 4)), ErrCorrupt, "4 elements"},
		"listpack":                {start().raw(typeHashListpackEx).str("k").le64(0).str("123456\xf0\x01\xff"), ErrCorrupt, "add up"},
		"database":                {start().raw(opSelectDB).num(1 << 33), ErrCorrupt, "database"},
	} {
		_, got, err := collect(bytes.NewReader(c.file.end()))
		var e *Error
		if !errors.Is(err, c.want) || !errors.As(err, &e) || e.Keys != 1 || len(got) != 1 || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %d keys, %v", name, len(got), err)
		}
	}
}

func TestAnErrorNamesTheByte(t *testing.T) {
	f := newFile("REDIS0011").raw(opSelectDB, 0).raw(typeString).str("first", strings.Repeat("v", 3*bufferSize))
	at := int64(len(f.b))
	_, _, err := collect(bytes.NewReader(f.raw(opExpireMillis).le64(1).raw(42).b))
	var e *Error
	if !errors.As(err, &e) || e.Offset != at+9 || !strings.Contains(err.Error(), fmt.Sprintf("at byte %d, after 1 keys", at+9)) {
		t.Errorf("%v; the type is byte %d", err, at+9)
	}
}

func TestWhatIsNoRDBFileIsRefused(t *testing.T) {
	for _, s := range []string{"", "REDIS", "*2\r\n$6\r\nSELECT\r\n", "REDIS0000", "REDIS-001", "REDIS00x9", "redis0009", "VALKEY8x0", "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x00"} {
		if _, err := NewReader(strings.NewReader(s)); !errors.Is(err, ErrNotRDB) {
			t.Errorf("%q: %v", s, err)
		}
	}
}

// A newer file is read as long as there is nothing new in it.
func TestANewerVersionIsTried(t *testing.T) {
	f := newFile("REDIS0099").raw(opSelectDB, 0).raw(typeString).str("k", "v").end()
	r, got, err := collect(bytes.NewReader(f))
	if err != nil || len(got) != 1 || !r.Info().Newer() {
		t.Errorf("%d keys, %v", len(got), err)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func TestTheErrorOfTheReaderBelowComesThrough(t *testing.T) {
	broken := errors.New("disk on fire")
	_, got, err := collect(io.MultiReader(bytes.NewReader(modern()[:len(modern())-20]), failing{broken}))
	if !errors.Is(err, broken) || len(got) == 0 {
		t.Errorf("%d keys, %v", len(got), err)
	}
	if _, _, err = collect(failing{nil}); !errors.Is(err, io.ErrNoProgress) {
		t.Errorf("a reader that gives nothing: %v", err)
	}
}

// allocated runs f and returns how many bytes it took from the heap, freed ones counted.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// allocationBound is what reading so many bytes may allocate: the buffer, and for each byte what LZF can make of it,
// twice because buffers grow by doubling.
func allocationBound(n int) uint64 { return 4*bufferSize + 4*lzfMaxRatio*uint64(n) }

// Lengths that claim much are no reason to allocate much.
func TestLengthsAreNotTrusted(t *testing.T) {
	start := func(kind byte) *file { return newFile("REDIS0012").raw(opSelectDB, 0).raw(kind).str("k") }
	for i, f := range []*file{
		newFile("REDIS0012").raw(opSelectDB, 0).raw(typeString).num(maxKey),
		newFile("REDIS0012").raw(opAux).num(maxAux),
		start(typeString).num(math.MaxInt64),
		start(typeHashZipmap).num(maxCounted),
		start(typeHashListpackEx).le64(0).num(maxCounted),
		start(typeHashListpack).num(1<<40).raw(0, 0, 0, 0, 0xff, 0xff),
		start(typeHashListpack).num(maxCounted).raw(0, 0, 0, 0, 0xff, 0xff),
		start(typeHash).num(1<<47).str("f", "v"),
		start(typeListQuicklist2).num(1 << 47),
		start(typeStream).num(1 << 47),
	} {
		var err error
		if n := allocated(func() { _, _, err = collect(bytes.NewReader(f.b)) }); n > allocationBound(len(f.b)) || !errors.Is(err, ErrTruncated) {
			t.Errorf("%d: %d bytes for %d, %v", i, n, len(f.b), err)
		}
	}
}

// Reading a key allocates nothing but for the first ones, whose room is used again.
func TestKeysCostNoAllocation(t *testing.T) {
	f := newFile("REDIS0010").raw(opSelectDB, 0)
	const n = 10_000
	for i := range n {
		f.raw(opExpireMillis).le64(uint64(i)).raw(typeString).str(fmt.Sprintf("session:%d", i)).lzf(strings.Repeat("v", 100))
		f.raw(typeHashListpack).str(fmt.Sprintf("hash:%d", i)).lzf(listpack(fields(9)...))
	}
	whole := f.end()
	r, err := NewReader(bytes.NewReader(whole))
	if err != nil {
		t.Fatal(err)
	}
	got := testing.AllocsPerRun(1, func() {
		for _, err := range r.Entries() {
			if err != nil {
				t.Fatal(err)
			}
		}
	})
	// The loop ran in the warm-up of AllocsPerRun; what it allocated there is in the next count.
	bytes := allocated(func() {
		if _, err = NewReader(bytes.NewReader(whole)); err != nil {
			t.Fatal(err)
		}
	})
	if got > 10 || r.Keys() != 2*n || bytes > 4*bufferSize {
		t.Errorf("%v allocations, %d keys, %d bytes for a Reader", got, r.Keys(), bytes)
	}
}

func FuzzReader(f *testing.F) {
	f.Add(old(3))
	f.Add(old(8))
	f.Add(modern())
	f.Add(valkey())
	f.Add(newFile("REDIS0010").raw(opSelectDB, 0).raw(typeHashListpack).str("k").str(listpack(fields(40)...)).end())
	f.Fuzz(func(t *testing.T, file []byte) {
		keys := int64(0)
		n := allocated(func() {
			r, err := NewReader(bytes.NewReader(file))
			if err != nil {
				return
			}
			for e, err := range r.Entries() {
				if err == nil {
					keys++
				} else if got := (*Error)(nil); !errors.As(err, &got) || got.Keys != keys || got.Offset > int64(len(file)) {
					t.Errorf("%v", err)
				}
				if e.Len < Unknown || e.FieldsWithTTL < 0 || e.FileBytes < 0 || e.FileBytes > int64(len(file)) {
					t.Errorf("%+v", e)
				}
			}
		})
		if n > allocationBound(len(file)) {
			t.Errorf("%d bytes allocated for %d", n, len(file))
		}
	})
}
