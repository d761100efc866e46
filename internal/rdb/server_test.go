package rdb

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/curfewkv/curfew/test/rig"
)

// A redis is a real server and what the tests do with it.
type redis struct {
	t testing.TB
	*rig.Conn
	dir string
}

func startRedis(t testing.TB, options ...string) *redis {
	t.Helper()
	s := rig.Redis(t, append([]string{"--enable-debug-command", "yes", "--lfu-decay-time", "0"}, options...)...)
	c, err := rig.Dial(s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	r := &redis{t: t, Conn: c}
	r.dir = r.do("CONFIG", "GET", "dir").Items[1].Text
	return r
}

// do sends a command that must not fail.
func (r *redis) do(args ...string) rig.Reply {
	r.t.Helper()
	reply, err := r.Do(args...)
	if err != nil || reply.Kind == '-' {
		r.t.Fatalf("%.100q: %v %s", args, err, reply.Text)
	}
	return reply
}

func (r *redis) num(args ...string) int64 {
	r.t.Helper()
	n, err := strconv.ParseInt(r.do(args...).Text, 10, 64)
	if err != nil {
		r.t.Fatalf("%q: %v", args, err)
	}
	return n
}

// many sends commands in one go.
func (r *redis) many(commands [][]string) {
	r.t.Helper()
	for len(commands) > 0 {
		n := min(len(commands), 500)
		var buf []byte
		for _, c := range commands[:n] {
			buf = rig.Encode(buf, c...)
		}
		if err := r.Send(buf); err != nil {
			r.t.Fatal(err)
		}
		for _, c := range commands[:n] {
			if reply, err := r.Read(); err != nil || reply.Kind == '-' {
				r.t.Fatalf("%.100q: %v %s", c, err, reply.Text)
			}
		}
		commands = commands[n:]
	}
}

// save writes a snapshot and returns its path.
func (r *redis) save(how string) string {
	r.t.Helper()
	path := filepath.Join(r.dir, "dump.rdb")
	os.Remove(path)
	r.do(how)
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if _, err := os.Stat(path); err == nil && !strings.Contains(r.do("INFO", "persistence").Text, "rdb_bgsave_in_progress:1") {
			return path
		}
		if time.Now().After(end) {
			r.t.Fatalf("%s has not ended", how)
		}
	}
}

// noise is n bytes that do not compress.
func noise(rnd *rand.Rand, n int) string {
	p := make([]byte, n)
	for i := range p {
		p[i] = byte(rnd.Uint32())
	}
	return string(p)
}

// populate writes keys of every type and encoding that Redis 7.0 has, into databases 0, 3 and 9.
func populate(r *redis, rnd *rand.Rand) {
	var batch [][]string
	add := func(args ...string) { batch = append(batch, args) }
	members := func(command, key string, n, size int, scored bool) {
		for i := range n {
			args := []string{command, key}
			if scored {
				args = append(args, strconv.Itoa(rnd.IntN(1e6)))
			}
			args = append(args, fmt.Sprintf("%0*d", size, i))
			if command == "HSET" {
				args = append(args, noise(rnd, size))
			}
			add(args...)
		}
	}
	for i, v := range []string{
		"", "7", "-1", "300", "70000", "-70000", "3000000000", "9223372036854775807", "9223372036854775808", "007", "-0", "1.5", "abc",
		strings.Repeat("e", 20), strings.Repeat("e", 21), strings.Repeat("e", 44), strings.Repeat("r", 45), noise(rnd, 44), noise(rnd, 45),
		noise(rnd, 300), strings.Repeat("compress me ", 6000), noise(rnd, 70000), noise(rnd, 2<<20), strings.Repeat("x", 5<<20),
	} {
		add("SET", fmt.Sprintf("string:%d", i), v)
	}
	add("SET", "12345", "a key that is a number")
	add("SET", "", "a key without a name")
	add("SET", strings.Repeat("a key that can be compressed ", 300), "1")
	add("SET", noise(rnd, 100_000), "a long key")
	add("SETEX", "deadline:seconds", "5000", "v")
	add("PSETEX", "deadline:millis", "5000001", "v")
	add("SET", "deadline:far", "v", "PXAT", "99999999999999")
	for i, n := range []int{1, 100, 5000} {
		members("RPUSH", fmt.Sprintf("list:%d", i), n, 30, false)
	}
	add("RPUSH", "list:big", noise(rnd, 20_000), "small", noise(rnd, 100_000))
	add("SADD", "set:16", "1", "2", "-3")
	add("SADD", "set:32", "1", "70000")
	add("SADD", "set:64", "1", "3000000000", "4", "5")
	members("SADD", "set:big", 3000, 12, false)
	add("SADD", "set:small", "a", "b", strings.Repeat("c", 500))
	members("ZADD", "zset:small", 50, 10, true)
	members("ZADD", "zset:big", 3000, 20, true)
	add("ZADD", "zset:infinite", "inf", "a", "-inf", "b", "0.1", strings.Repeat("c", 100))
	members("HSET", "hash:small", 60, 10, false)
	members("HSET", "hash:big", 3000, 40, false)
	add("HSET", "hash:one", "f", strings.Repeat("v", 1000))
	add("SELECT", "3")
	for i := range 1000 {
		add("SET", fmt.Sprintf("session:%d", i), strings.Repeat("s", i%200), "PX", strconv.Itoa(1_000_000+i))
	}
	add("EXPIRE", "session:1", "77")
	add("PERSIST", "session:2")
	add("SELECT", "9")
	add("SET", "string:0", "the same name in another database")
	streams(add)
	r.many(batch)
	// Nodes of one plain string are made of a gigabyte upwards; a test cannot wait for those.
	r.do("DEBUG", "QUICKLIST-PACKED-THRESHOLD", "1000b")
	r.do("RPUSH", "list:plain", "a", strings.Repeat("p", 3000), "b", noise(rnd, 2000))
	r.do("FUNCTION", "LOAD", "#!lua name=lib\nredis.register_function('f', function() return 1 end)")
}

func streams(add func(...string)) {
	for i := 1; i <= 2500; i++ {
		add("XADD", "stream:groups", fmt.Sprintf("%d-%d", 1_700_000_000_000+i*37, i%3), "field", "value", "number", strconv.Itoa(i))
	}
	add("XADD", "stream:one", "1-1", "f", "v")
	add("XADD", "stream:emptied", "1-1", "f", "v")
	add("XDEL", "stream:emptied", "1-1")
	add("XDEL", "stream:groups", "1700000000037-1", "1700000000074-2")
	add("XGROUP", "CREATE", "stream:groups", "idle", "$")
	add("XGROUP", "CREATE", "stream:groups", "busy", "0")
	add("XREADGROUP", "GROUP", "busy", "first", "COUNT", "700", "STREAMS", "stream:groups", ">")
	add("XREADGROUP", "GROUP", "busy", "second", "COUNT", "1", "STREAMS", "stream:groups", ">")
	add("XGROUP", "CREATECONSUMER", "stream:groups", "busy", "third")
	add("XGROUP", "CREATE", "stream:one", "g", "0")
}

var lenCommand = map[Type]string{String: "STRLEN", List: "LLEN", Set: "SCARD", Zset: "ZCARD", Hash: "HLEN", Stream: "XLEN"}

type place struct {
	db  int
	key string
}

// readAll reads a file and keeps the entries.
func readAll(t testing.TB, path string, options ...Option) (*Reader, map[place]Entry) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := NewReader(f, options...)
	if err != nil {
		t.Fatal(err)
	}
	entries := map[place]Entry{}
	var bytes int64
	for e, err := range r.Entries() {
		if err != nil {
			t.Fatal(err)
		}
		p := place{e.DB, string(e.Key)}
		if _, twice := entries[p]; twice {
			t.Fatalf("%v comes twice", p)
		}
		e.Key = nil
		entries[p] = e
		bytes += e.FileBytes
	}
	if stat, err := f.Stat(); err != nil || r.Offset() != stat.Size() || bytes > stat.Size() {
		t.Errorf("read %d bytes, %d of them of keys; the file has %d, %v", r.Offset(), bytes, stat.Size(), err)
	}
	return r, entries
}

// eachKey calls f for all keys of the server, with the database selected.
func (r *redis) eachKey(f func(place)) {
	for _, db := range []int{0, 3, 9} {
		r.do("SELECT", strconv.Itoa(db))
		for _, item := range r.do("KEYS", "*").Items {
			f(place{db, item.Text})
		}
	}
}

// live is what the server says of a key; it is asked for what must not be disturbed first.
func (r *redis) live(p place, policy string) Entry {
	e := Entry{DB: p.db, Idle: Unknown, Freq: Unknown}
	switch policy {
	case "allkeys-lru":
		e.Idle = time.Duration(r.num("OBJECT", "IDLETIME", p.key)) * time.Second
	case "allkeys-lfu":
		e.Freq = int(r.num("OBJECT", "FREQ", p.key))
	}
	e.Type = Type(r.do("TYPE", p.key).Text)
	e.Encoding = r.do("OBJECT", "ENCODING", p.key).Text
	e.Expiry = r.num("PEXPIRETIME", p.key)
	e.Len = r.num(lenCommand[e.Type], p.key)
	return e
}

func TestEntriesAreWhatTheServerSays(t *testing.T) {
	for _, c := range []struct{ policy, compression, how string }{
		{"noeviction", "yes", "SAVE"}, {"allkeys-lru", "no", "BGSAVE"}, {"allkeys-lfu", "yes", "BGSAVE"},
	} {
		t.Run(c.policy, func(t *testing.T) {
			r := startRedis(t, "--maxmemory-policy", c.policy, "--rdbcompression", c.compression)
			populate(r, rand.New(rand.NewPCG(3, 4)))
			aged(r, c.policy)
			path := r.save(c.how)
			reader, entries := readAll(t, path)
			keys := 0
			r.eachKey(func(p place) {
				keys++
				want, got := r.live(p, c.policy), entries[p]
				// The file is up to some seconds old, and idle time is measured in seconds.
				if d := want.Idle - got.Idle; d < 0 || d > time.Minute {
					t.Errorf("%.40q: idle %v, the server says %v", p.key, got.Idle, want.Idle)
				}
				got.Idle = want.Idle
				fileBytes := got.FileBytes
				got.FileBytes, got.Memory = 0, 0
				got.Key, got.DB = nil, p.db
				if !same(got, want) {
					t.Errorf("%.40q: %+v, the server says %+v", p.key, got, want)
				}
				if c.policy == "noeviction" {
					checkFileBytes(t, r, p, want, fileBytes)
				}
			})
			if keys != len(entries) || int64(keys) != reader.Keys() {
				t.Errorf("%d keys in the file, %d counted, %d in the server", len(entries), reader.Keys(), keys)
			}
			checkInfo(t, r, reader.Info(), entries)
		})
	}
}

// same compares what == cannot, because of Key.
func same(a, b Entry) bool { return fmt.Sprintf("%+v", a) == fmt.Sprintf("%+v", b) }

// aged gives keys an idle time and a frequency that no test can wait for.
func aged(r *redis, policy string) {
	extra := map[string][]string{"allkeys-lru": {"IDLETIME", "5000000"}, "allkeys-lfu": {"FREQ", "201"}}[policy]
	if extra == nil {
		return
	}
	r.do("SELECT", "0")
	dump := r.do("DUMP", "hash:small").Text
	r.do(append([]string{"RESTORE", "aged", "0", dump}, extra...)...)
}

// checkFileBytes compares with what DEBUG OBJECT says a value takes in a file, which leaves out what stands before it.
func checkFileBytes(t *testing.T, r *redis, p place, e Entry, got int64) {
	t.Helper()
	if p.key == "12345" || len(p.key) >= 64 || p.key == "" {
		return // in another form in the file; and DEBUG OBJECT takes the empty key for none
	}
	_, rest, _ := strings.Cut(r.do("DEBUG", "OBJECT", p.key).Text, "serializedlength:")
	want, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	want += 1 + 1 + int64(len(p.key)) // type, length, key
	if e.Expiry != NoExpiry {
		want += 9
	}
	if got != want {
		t.Errorf("%.40q: %d bytes in the file, the server says %d", p.key, got, want)
	}
}

func checkInfo(t *testing.T, r *redis, info Info, entries map[place]Entry) {
	t.Helper()
	expires := 0
	for _, e := range entries {
		if e.Expiry != NoExpiry {
			expires++
		}
	}
	if info.Keys != int64(len(entries)) || info.Expires != int64(expires) || info.Functions != 1 || !info.Summed {
		t.Errorf("%+v; there are %d keys, %d with a deadline", info, len(entries), expires)
	}
	created, ok := info.Created()
	if age := time.Since(created); !ok || age < -2*time.Second || age > 2*time.Minute {
		t.Errorf("created %v ago", age)
	}
	if used, ok := info.UsedMemory(); !ok || used < 7<<20 || info.Valkey || info.Newer() || info.Version != 10 {
		t.Errorf("%+v", info)
	}
	if want := "Redis " + r.version(); info.Server() != want {
		t.Errorf("written by %s, not %s", info.Server(), want)
	}
}

func (r *redis) version() string {
	_, rest, _ := strings.Cut(r.do("INFO", "server").Text, "redis_version:")
	return strings.Fields(rest)[0]
}

func TestAFileWithoutChecksumIsRead(t *testing.T) {
	r := startRedis(t, "--rdbchecksum", "no")
	r.do("SET", "k", "v")
	reader, entries := readAll(t, r.save("SAVE"))
	if len(entries) != 1 || reader.Info().Summed {
		t.Errorf("%d keys, %+v", len(entries), reader.Info())
	}
}

func TestTheBaseOfAnAppendOnlyFileIsRead(t *testing.T) {
	r := startRedis(t, "--appendonly", "yes")
	r.do("SET", "k", "v", "EX", "1000")
	r.do("BGREWRITEAOF")
	base := filepath.Join(r.dir, "appendonlydir", "appendonly.aof.2.base.rdb")
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if _, err := os.Stat(base); err == nil {
			break
		}
		if time.Now().After(end) {
			t.Fatal("the rewrite has not ended")
		}
	}
	reader, entries := readAll(t, base)
	if len(entries) != 1 || reader.Info().Aux["aof-base"] != "1" {
		t.Errorf("%v, %+v", entries, reader.Info())
	}
}

// The server is asked as it was written to, where hash tables may be growing, and after it has loaded its own file.
func TestMemoryIsWhatTheServerSays(t *testing.T) {
	r := startRedis(t)
	rnd := rand.New(rand.NewPCG(5, 6))
	populate(r, rnd)
	populateAtRandom(r, rnd)
	path := r.save("SAVE")
	_, entries := readAll(t, path, allocatorOf(r))
	measure := func(state string, bound float64) {
		type sum struct {
			n, exact    int
			got, want   int64
			worst, mean float64
		}
		sums := map[Type]*sum{}
		r.eachKey(func(p place) {
			want, e := r.num("MEMORY", "USAGE", p.key, "SAMPLES", "0"), entries[p]
			s := sums[e.Type]
			if s == nil {
				s = &sum{}
				sums[e.Type] = s
			}
			off := float64(e.Memory-want) / float64(want)
			s.n++
			s.got, s.want = s.got+e.Memory, s.want+want
			s.worst, s.mean = max(s.worst, math.Abs(off)), s.mean+math.Abs(off)
			if e.Memory == want {
				s.exact++
			} else {
				t.Logf("%s: %s %.30q: %d, the server says %d (%+.1f%%)", state, e.Encoding, p.key, e.Memory, want, 100*off)
			}
			slack := 0.0
			switch e.Type {
			case Stream:
				slack = streamSpare // is gone after a restart, until the next entry
			case Zset:
				slack = 12 * sizeSkiplistLevel // the server draws levels
			}
			if math.Abs(off)*float64(want) > bound*float64(want)+slack {
				t.Errorf("%s: %s %.30q: %d, the server says %d (%+.1f%%)", state, e.Encoding, p.key, e.Memory, want, 100*off)
			}
		})
		for kind, s := range sums {
			total := float64(s.got-s.want) / float64(s.want)
			t.Logf("%s: %s: %d keys, %d exact, total %+.2f%%, mean error %.2f%%, worst %.2f%%",
				state, kind, s.n, s.exact, 100*total, 100*s.mean/float64(s.n), 100*s.worst)
		}
	}
	measure("as written", 0.20)
	r.do("DEBUG", "RELOAD")
	measure("as loaded", 0.10)
}

// populateAtRandom writes collections of 1 to 2000 members of 1 to 200 bytes, most of them small.
func populateAtRandom(r *redis, rnd *rand.Rand) {
	var batch [][]string
	for i := range 400 {
		n, size := 1+rnd.IntN(1<<(1+rnd.IntN(11))), 1+rnd.IntN(200)
		command := []string{"RPUSH", "SADD", "ZADD", "HSET"}[i%4]
		args := []string{command, fmt.Sprintf("%s:%d:%d", strings.ToLower(command), n, i)}
		for m := range n {
			if command == "ZADD" {
				args = append(args, strconv.Itoa(m))
			}
			args = append(args, fmt.Sprintf("%d:%s", m, noise(rnd, 1+rnd.IntN(size))))
			if command == "HSET" {
				args = append(args, noise(rnd, rnd.IntN(size)))
			}
		}
		batch = append(batch, args, []string{"SET", fmt.Sprintf("text:%d", i), noise(rnd, rnd.IntN(1<<(1+rnd.IntN(16))))})
	}
	r.many(batch)
}

// allocatorOf tells from a probe how far apart the server's small allocations are.
func allocatorOf(r *redis) Option {
	r.do("SELECT", "9")
	r.do("SET", strings.Repeat("k", 20), "1") // 22 bytes for the key
	defer r.do("DEL", strings.Repeat("k", 20))
	if r.num("MEMORY", "USAGE", strings.Repeat("k", 20)) == sizeObject+sizeDictEntry+32 {
		return SystemAllocator()
	}
	return func(*Reader) {}
}
