package rdb

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

// The installed server writes one version of the format. The files of this test are assembled according to the sources
// of the servers that write the others: rdb.c and rdb.h of Redis 2.6, 4.0, 7.2, 7.4 and 8.6 and of Valkey 9.0.

func fields(n int) []any {
	var all []any
	for i := range n {
		all = append(all, fmt.Sprintf("field:%d", i), i*i-5)
	}
	return all
}

func raw16(n uint64) []byte {
	return new(file).le64(0).le64(n).b
}

// old is a file of a version that Redis before 5 wrote; those below 5 have no checksum.
func old(version int) []byte {
	f := newFile(fmt.Sprintf("REDIS%04d", version))
	f.raw(opSelectDB).num(2)
	f.raw(typeString).str("s", "value")
	f.raw(opExpireSeconds, 0, 0, 0, 0x7f).raw(typeList).str("list").num(3).str("a", "b", "c")
	f.raw(opExpireMillis).le64(2_100_000_000_123).raw(typeSet).str("set").num(2).str("a").raw(0xc0, 7)
	f.raw(typeZset).str("zset").num(3).str("a").str("1.5").str("c").raw(254).str("d").raw(255)
	f.raw(typeZset2).str("zset2").num(1).str("a").le64(0)
	f.raw(typeHash).str("hash").num(2).str("f", "v", "g", "w")
	f.raw(typeHashZipmap).str("zipmap").str(zipmap("f", "v", "g", strings.Repeat("w", 300)))
	f.raw(typeListZiplist).str("ziplist").str(ziplist("a", 1, -2, 12, 13, 300, -70000, 1<<22, 1<<40, strings.Repeat("long", 100), "z"))
	f.raw(typeSetIntset).str("intset").str(intset(4, 1, -2, 3))
	f.raw(typeZsetZiplist).str("zsetzl").lzf(ziplist(fields(40)...))
	f.raw(typeHashZiplist).str("hashzl").str(ziplist("f", "v"))
	f.raw(typeListQuicklist).str("quicklist").num(2).str(ziplist("a", "b")).lzf(ziplist(fields(50)...))
	if version < firstSummed {
		return f.raw(opEOF).b
	}
	return f.end()
}

var oldEntries = []Entry{
	{Key: []byte("s"), Type: String, Encoding: "embstr", Len: 5},
	{Key: []byte("list"), Type: List, Encoding: "linkedlist", Len: 3, Expiry: 0x7f000000 * 1000},
	{Key: []byte("set"), Type: Set, Encoding: "hashtable", Len: 2, Expiry: 2_100_000_000_123},
	{Key: []byte("zset"), Type: Zset, Encoding: "skiplist", Len: 3},
	{Key: []byte("zset2"), Type: Zset, Encoding: "skiplist", Len: 1},
	{Key: []byte("hash"), Type: Hash, Encoding: "hashtable", Len: 2},
	{Key: []byte("zipmap"), Type: Hash, Encoding: "zipmap", Len: 2},
	{Key: []byte("ziplist"), Type: List, Encoding: "ziplist", Len: 11},
	{Key: []byte("intset"), Type: Set, Encoding: "intset", Len: 3},
	{Key: []byte("zsetzl"), Type: Zset, Encoding: "ziplist", Len: 40},
	{Key: []byte("hashzl"), Type: Hash, Encoding: "ziplist", Len: 1},
	{Key: []byte("quicklist"), Type: List, Encoding: "quicklist", Len: 102},
}

// streamNode packs n entries of one field: a head with the number of entries, of deleted ones and the fields; of each
// entry flags (2: the fields are those of the head), how far its id is from the node's, the value, and how many elements
// it has.
func streamNode(n int) string {
	all := []any{n, 0, 1, "field", 0}
	for i := range n {
		all = append(all, 2, 0, i, "value", 4)
	}
	return listpack(all...)
}

// stream appends a stream of two nodes with a group of two consumers, as of one of the five layouts.
func stream(f *file, layout int) *file {
	f.num(2).str(string(raw16(1))).str(streamNode(3)).str(string(raw16(300))).lzf(streamNode(10))
	f.nums(13, 1_700_000_000_000, 5)
	if layout >= 2 {
		f.nums(1, 0, 7, 7, 20)
	}
	f.num(1).str("group").nums(1_600_000_000_000, 3)
	if layout >= 2 {
		f.num(9)
	}
	f.num(2)
	for i := range uint64(2) {
		f.raw(raw16(i)...).le64(1_700_000_000_000).num(i + 1)
	}
	f.num(2)
	for i, name := range []string{"alice", "bob"} {
		f.str(name).le64(1_700_000_000_001)
		if layout >= 3 {
			f.le64(1_700_000_000_002)
		}
		f.num(1).raw(raw16(uint64(i))...)
	}
	if layout >= 5 {
		f.num(1).raw(raw16(2)...)
	}
	if layout >= 4 {
		f.nums(100, 1000, 1).str("producer").num(2).str("message 1").nums(5, 6).str("message 2").nums(7, 8).nums(2, 0)
	}
	return f
}

// modern is what REDIS0013 and those before have.
func modern() []byte {
	f := newFile("REDIS0013").aux("redis-ver", "8.6.1").aux("redis-bits", "64").aux("ctime", "1700000000").aux("used-mem", "123456")
	f.raw(opAux).str("number").raw(0xc1, 0x39, 0x30)
	f.raw(opModuleAux).num(1<<62+77).nums(moduleUint, 2, moduleString).lzf(strings.Repeat("state", 50)).num(moduleEOF)
	f.raw(opFunction2).lzf(strings.Repeat("#!lua ", 100))
	f.db(0, 11, 2).raw(opSlotInfo).nums(5, 8, 2)
	f.raw(opIdle).num(90_000).raw(typeSetListpack).str("set").str(listpack("a", 1, "b"))
	f.raw(opExpireMillis).le64(1_800_000_000_000).raw(opFreq, 200).raw(typeListQuicklist2).str("list").nums(1, packedNode).str(listpack("a", "b"))
	f.raw(typeListQuicklist2).str("list2").nums(3, packedNode).lzf(listpack(fields(99)...)).num(plainNode).str("plain").num(packedNode).str(listpack(1))
	f.raw(typeHashMetadata).str("hash").le64(1_700_000_000_000).num(3).num(0).str("f", "v").num(1).str("g", "v").num(5001).str("h").raw(0xc0, 1)
	f.raw(typeHashListpackEx).str("hashex").le64(1_700_000_000_000).str(listpack("f", "v", 1_700_000_000_000, "g", 0, 1_700_000_000_001, "h", 0, 0))
	f.raw(typeHashMetadataRC).str("hashrc").num(2).num(1_700_000_000_000).str("f", "v").num(0).str("g", "v")
	f.raw(typeHashListpackExRC).str("hashexrc").str(listpack("f", "v", 1_700_000_000_000, "g", "v", 0, "h", "v", 0))
	for layout, kind := range []byte{typeStream, typeStream2, typeStream3, typeStream4, typeStream5} {
		stream(f.raw(kind).str(fmt.Sprintf("stream%d", layout+1)), layout+1)
	}
	f.raw(opExpireMillis).le64(5).raw(opKeyMeta).num(2)
	f.raw('a', 'b', 'c', 0).nums(moduleSigned, 5, moduleEOF).raw('d', 'e', 'f', 1).nums(moduleString).str("note").num(moduleEOF)
	f.raw(typeModule2).str("json").num(moduleID("ReJSON-RL", 3)).nums(moduleUint, 1, moduleSigned, 2, moduleFloat).raw(1, 2, 3, 4)
	f.num(moduleDouble).le64(1).num(moduleString).str("text").num(moduleEOF)
	f.db(15, 1, 0).raw(typeString).str("last", "")
	return f.end()
}

var modernEntries = []Entry{
	{Key: []byte("set"), Type: Set, Encoding: "listpack", Len: 3, Idle: 90_000 * time.Second},
	{Key: []byte("list"), Type: List, Encoding: "listpack", Len: 2, Expiry: 1_800_000_000_000, Freq: 200},
	{Key: []byte("list2"), Type: List, Encoding: "quicklist", Len: 200},
	{Key: []byte("hash"), Type: Hash, Encoding: "hashtable", Len: 3, FieldsWithTTL: 2},
	{Key: []byte("hashex"), Type: Hash, Encoding: "listpackex", Len: 3, FieldsWithTTL: 2},
	{Key: []byte("hashrc"), Type: Hash, Encoding: "hashtable", Len: 2, FieldsWithTTL: 1},
	{Key: []byte("hashexrc"), Type: Hash, Encoding: "listpackex", Len: 3, FieldsWithTTL: 1},
	{Key: []byte("stream1"), Type: Stream, Encoding: "stream", Len: 13},
	{Key: []byte("stream2"), Type: Stream, Encoding: "stream", Len: 13},
	{Key: []byte("stream3"), Type: Stream, Encoding: "stream", Len: 13},
	{Key: []byte("stream4"), Type: Stream, Encoding: "stream", Len: 13},
	{Key: []byte("stream5"), Type: Stream, Encoding: "stream", Len: 13},
	{Key: []byte("json"), Type: Module, Encoding: "raw", Len: Unknown, Module: "ReJSON-RL", Expiry: 5},
	{Key: []byte("last"), DB: 15, Type: String, Encoding: "embstr"},
}

func moduleID(name string, version uint64) uint64 {
	var id uint64
	for _, c := range name {
		id = id<<6 | uint64(strings.IndexRune(moduleLetters, c))
	}
	return id<<10 | version
}

// valkey is what VALKEY080 has; its types 22 and 243 are not those of Redis.
func valkey() []byte {
	f := newFile("VALKEY080").aux("valkey-ver", "9.0.0").aux("slot-info", "7,2,1,1").db(0, 2, 1)
	f.raw(opSlotImport).str("job").num(2).nums(0, 100, 16000, 16383)
	f.raw(opExpireMillis).le64(1_800_000_000_000)
	f.raw(typeValkeyHash2).str("hash").num(3).str("f", "v").le64(1_700_000_000_000).str("g", "v").le64(^uint64(0)).str("h", "v").le64(1_700_000_000_001)
	f.raw(typeHashListpack).str("small").str(listpack("f", "v"))
	return f.end()
}

var valkeyEntries = []Entry{
	{Key: []byte("hash"), Type: Hash, Encoding: "hashtable", Len: 3, FieldsWithTTL: 2, Expiry: 1_800_000_000_000},
	{Key: []byte("small"), Type: Hash, Encoding: "listpack", Len: 1},
}

// collect reads all of a file; entries come with a Key of their own.
func collect(src io.Reader) (*Reader, []Entry, error) {
	r, err := NewReader(src)
	if err != nil {
		return nil, nil, err
	}
	var all []Entry
	for e, err := range r.Entries() {
		if err != nil {
			return r, all, err
		}
		e.Key = bytes.Clone(e.Key)
		all = append(all, e)
	}
	return r, all, nil
}

func checkEntries(t *testing.T, file []byte, db int, want []Entry) *Reader {
	t.Helper()
	var r *Reader
	// One byte at a time, so that every value is cut in two by the end of what was read.
	for _, src := range []io.Reader{bytes.NewReader(file), iotest.OneByteReader(bytes.NewReader(file)), iotest.DataErrReader(bytes.NewReader(file))} {
		reader, got, err := collect(src)
		if err != nil {
			t.Fatal(err)
		}
		r = reader
		var sum int64
		for i, e := range got {
			if e.FileBytes <= 0 || e.Memory <= 0 {
				t.Errorf("%s: %d bytes in the file, %d in memory", e.Key, e.FileBytes, e.Memory)
			}
			sum += e.FileBytes
			e.FileBytes, e.Memory = 0, 0
			if i >= len(want) {
				t.Fatalf("one too many: %+v", e)
			}
			w := want[i]
			if w.DB == 0 {
				w.DB = db
			}
			if w.Expiry == 0 {
				w.Expiry = NoExpiry
			}
			if w.Idle == 0 {
				w.Idle = Unknown
			}
			if w.Freq == 0 {
				w.Freq = Unknown
			}
			if !same(e, w) {
				t.Errorf("got  %+v\nwant %+v", e, w)
			}
		}
		if len(got) != len(want) || r.Offset() != int64(len(file)) || sum > int64(len(file)) {
			t.Errorf("%d keys of %d; %d bytes of %d, %d of keys", len(got), len(want), r.Offset(), len(file), sum)
		}
	}
	return r
}

func TestOldVersionsAreRead(t *testing.T) {
	for version := 1; version <= 8; version++ {
		r := checkEntries(t, old(version), 2, oldEntries)
		if i := r.Info(); i.Version != version || i.Summed != (version >= firstSummed) || i.Newer() || i.Server() != "" {
			t.Errorf("%+v", i)
		}
	}
}

func TestRedis13IsRead(t *testing.T) {
	r := checkEntries(t, modern(), 0, modernEntries)
	i := r.Info()
	if created, ok := i.Created(); !ok || created.Unix() != 1_700_000_000 || i.Server() != "Redis 8.6.1" || i.Version != 13 {
		t.Errorf("%+v", i)
	}
	if used, ok := i.UsedMemory(); !ok || used != 123456 || i.Keys != 12 || i.Expires != 2 || i.Functions != 1 || !i.Summed {
		t.Errorf("%+v", i)
	}
	if len(i.Aux) != 5 || i.Aux["number"] != "12345" {
		t.Errorf("aux: %.200q", i.Aux)
	}
}

func TestValkey80IsRead(t *testing.T) {
	r := checkEntries(t, valkey(), 0, valkeyEntries)
	if i := r.Info(); !i.Valkey || i.Version != 80 || i.Newer() || i.Server() != "Valkey 9.0.0" || i.Keys != 2 {
		t.Errorf("%+v", i)
	}
}

// An aux field is a name and a short fact; a file of something else must not fill the memory with them.
func TestLongAndManyAuxFieldsAreLeftOut(t *testing.T) {
	f := newFile("REDIS0011").aux(strings.Repeat("n", maxAux+1), "v").aux("n", strings.Repeat("v", maxAux+1)).aux("first", "1")
	for i := range 2 * maxAuxFields {
		f.aux(fmt.Sprint(i), "v")
	}
	f.aux("first", "2")
	r, got, err := collect(bytes.NewReader(f.end()))
	if err != nil || len(got) != 0 {
		t.Fatalf("%d keys, %v", len(got), err)
	}
	if aux := r.Info().Aux; len(aux) != maxAuxFields || aux["first"] != "2" {
		t.Errorf("%d fields, first is %q", len(aux), aux["first"])
	}
}

// What stands before the first key is known before it is read.
func TestTheHeadIsKnownAtOnce(t *testing.T) {
	r, err := NewReader(bytes.NewReader(modern()))
	if err != nil {
		t.Fatal(err)
	}
	if i := r.Info(); i.Server() != "Redis 8.6.1" || i.Keys != 11 || i.Expires != 2 || r.Keys() != 0 {
		t.Errorf("%+v", i)
	}
}

func TestALoopThatWasLeftGoesOn(t *testing.T) {
	r, err := NewReader(bytes.NewReader(modern()))
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for range modernEntries {
		for e, err := range r.Entries() {
			if err != nil || string(e.Key) != string(modernEntries[n].Key) {
				t.Fatalf("%s: %v", e.Key, err)
			}
			n++
			break
		}
	}
	for e, err := range r.Entries() {
		t.Fatalf("after the last: %v, %v", e, err)
	}
	if n != len(modernEntries) || !r.Info().Summed {
		t.Errorf("%d keys, %+v", n, r.Info())
	}
}

// seven is what Redis 7.0 can load of what it does not write itself.
func seven() []byte {
	f := newFile("REDIS0010").db(0, 6, 0)
	stream(f.raw(typeStream).str("stream1"), 1)
	stream(f.raw(typeStream2).str("stream2"), 2)
	f.raw(typeListQuicklist2).str("list").nums(3, packedNode).lzf(listpack(fields(99)...)).num(plainNode).str("plain").num(packedNode).str(listpack(1))
	f.raw(typeHashListpack).str("hash").str(listpack("f", -5000, "g", 40_000, "h", -8_000_000, "i", 1<<31, "j", strings.Repeat("x", 5000)))
	f.raw(typeZsetListpack).str("zset").lzf(listpack("a", 1, "b", 2, strings.Repeat("c", 60), 3))
	f.raw(typeString).str("text").lzf(strings.Repeat("text ", 1000))
	return f.end()
}

// The assembled files would prove little if they were wrong in the way that the reader is: where the installed server
// knows the format, it has to find the same in them.
func TestTheServerReadsTheAssembledFilesLikewise(t *testing.T) {
	for name, file := range map[string][]byte{"version 8": old(8), "version 4": old(4), "version 10": seven()} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "dump.rdb"), file, 0o600); err != nil {
			t.Fatal(err)
		}
		r := startRedis(t, "--dir", dir)
		_, entries, err := collect(bytes.NewReader(file))
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			r.do("SELECT", strconv.Itoa(e.DB))
			key := string(e.Key)
			kind := Type(r.do("TYPE", key).Text)
			if kind != e.Type {
				t.Errorf("%s: %s: %s, the server says %s", name, key, e.Type, kind)
				continue
			}
			if n, at := r.num(lenCommand[kind], key), r.num("PEXPIRETIME", key); n != e.Len || at != e.Expiry {
				t.Errorf("%s: %s: %d until %d, the server says %d until %d", name, key, e.Len, e.Expiry, n, at)
			}
		}
		if n := r.num("DBSIZE"); n != int64(len(entries)) {
			t.Errorf("%s: %d keys, the server says %d", name, len(entries), n)
		}
	}
}

func TestAScoreThatIsNoNumberIsPassed(t *testing.T) {
	f := newFile("REDIS0007").raw(opSelectDB, 0).raw(typeZset).str("k").num(2).str("a").raw(253).str("b").str("1")
	if _, got, err := collect(bytes.NewReader(f.end())); err != nil || len(got) != 1 || got[0].Len != 2 {
		t.Errorf("%v, %v", got, err)
	}
}

// An append-only file, or the mark of redis-cli --rdb, can follow.
func TestWhatFollowsTheEndIsLeft(t *testing.T) {
	whole := valkey()
	r, got, err := collect(bytes.NewReader(append(whole, "*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n"...)))
	if err != nil || len(got) != len(valkeyEntries) || r.Offset() != int64(len(whole)) || !r.Info().Summed {
		t.Errorf("%d keys, %d bytes, %v", len(got), r.Offset(), err)
	}
}

// A packed value tells its number of elements in 16 bits; beyond, it is walked.
func TestPackedValuesOfManyElementsAreCounted(t *testing.T) {
	const pairs = 40_000
	all := fields(pairs)
	var texts []string
	for i := range pairs {
		texts = append(texts, fmt.Sprint("f", i), strings.Repeat("v", i%7))
	}
	texts[1] = strings.Repeat("v", 400)
	f := newFile("REDIS0010").raw(opSelectDB, 0)
	f.raw(typeHashListpack).str("listpack").str(listpack(all...)).raw(typeZsetListpack).str("compressed").lzf(listpack(all...))
	f.raw(typeHashZiplist).str("ziplist").str(ziplist(all...)).raw(typeHashZipmap).str("zipmap").str(zipmap(texts...))
	f.raw(typeListQuicklist2).str("list").nums(2, packedNode).str(listpack(all...)).num(packedNode).str(listpack(1))
	f.raw(typeListZiplist).str("long").str(ziplist(strings.Repeat("x", 70_000), strings.Repeat("y", 17_000), 1<<40))
	_, got, err := collect(bytes.NewReader(f.end()))
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []int64{pairs, pairs, pairs, pairs, 2*pairs + 1, 3} {
		if got[i].Len != want {
			t.Errorf("%s: %d, not %d", got[i].Key, got[i].Len, want)
		}
	}
}

func TestTheChecksumIsRedisOwn(t *testing.T) {
	// The value is in a comment of the function that Redis computes it with.
	if got := checksum(0, []byte("123456789")); got != 0xe9c6d914c4b8d9ca {
		t.Errorf("%016x", got)
	}
	whole := modern()
	if got, pieces := checksum(0, whole), checksum(checksum(0, whole[:100]), whole[100:]); got != pieces {
		t.Errorf("%016x in pieces, %016x at once", pieces, got)
	}
}

func TestAFlippedBitIsNoticed(t *testing.T) {
	whole := modern()
	for i := range whole {
		broken := bytes.Clone(whole)
		broken[i] ^= 0x10
		if _, _, err := collect(bytes.NewReader(broken)); err == nil {
			t.Errorf("not at byte %d", i)
		}
	}
	at := bytes.Index(whole, []byte("plain")) // in a value that is skipped
	whole[at] = 'P'
	_, got, err := collect(bytes.NewReader(whole))
	if !errors.Is(err, ErrChecksum) || len(got) != len(modernEntries) {
		t.Errorf("%d keys, %v", len(got), err)
	}
}

func TestATruncatedFileSaysHowFarItGot(t *testing.T) {
	for name, whole := range map[string][]byte{"old": old(8), "modern": modern(), "valkey": valkey()} {
		last := int64(0)
		for n := range whole {
			r, got, err := collect(bytes.NewReader(whole[:n]))
			var e *Error
			if !errors.As(err, &e) || e.Offset > int64(n) || e.Keys != int64(len(got)) || e.Keys < last {
				t.Fatalf("%s: %d bytes: %d keys, %v", name, n, len(got), err)
			}
			if want := ErrTruncated; n >= 9 && !errors.Is(err, want) || n < 9 && !errors.Is(err, ErrNotRDB) {
				t.Fatalf("%s: %d bytes: %v", name, n, err)
			}
			if r != nil {
				for range r.Entries() { // again, the error and nothing else
				}
			}
			last = e.Keys
		}
	}
}
