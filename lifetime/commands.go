package lifetime

// A command says what a write command does to the TTLs of keys. One that is in the table with nothing set cannot leave a
// key without a TTL that had one or did not exist: it deletes, reads, or changes what is there.
type command struct {
	// touches are the keys that may exist without a TTL when the command has run. nil: none.
	touches func(w words) []string

	// source is the key whose TTL the touched one takes over; it is judged by its own rule.
	source func(w words) string

	// states is where the command says how long its keys live; ok is false when it does not say.
	states func(w words) (stated, bool)

	// limited are the keys that states is about, where they are not what it touches.
	limited func(w words) []string

	// expiring is the command with a TTL of so many milliseconds put in. nil: it has no place for one.
	expiring func(w words, ms int64) words

	script bool // what it does to keys is not known
	waits  bool // it may block longer than a pipeline may take
}

// stated is a TTL among the arguments.
type stated struct {
	option   int // where the word is that gives it its unit: EX, PX, ..., or the name of the command; -1: it is always ms
	value    int
	seconds  bool
	absolute bool
}

func key(i int) func(words) []string {
	return func(w words) []string {
		if i >= len(w) {
			return nil
		}
		return []string{w.text(i)}
	}
}

func keys(i, step int) func(words) []string {
	return func(w words) []string { return w.from(i, step) }
}

func textAt(i int) func(words) string {
	return func(w words) string { return w.text(i) }
}

// keyAfter is the key that an option names, as in SORT k STORE destination.
func keyAfter(from int, options ...string) func(words) []string {
	return func(w words) []string {
		var found []string
		for _, option := range options {
			if i := w.find(from, option); i >= 0 && i+1 < len(w) {
				found = append(found, w.text(i+1))
			}
		}
		return found
	}
}

func touching(keys func(words) []string) command { return command{touches: keys} }

var (
	neutral = command{}
	script  = command{script: true, touches: func(w words) []string { return w.counted(2, 1) }}
)

// commands are all write commands of Redis up to 8.8, Valkey 9 and the modules of Redis Stack, by name. A test asks the
// server for its own list, so that one that a new server brings is not forgotten.
var commands = joined(stringCommands, keyCommands, collectionCommands, moduleCommands)

func joined(families ...map[string]command) map[string]command {
	all := map[string]command{}
	for _, family := range families {
		for name, c := range family {
			all[name] = c
		}
	}
	return all
}

var stringCommands = map[string]command{
	"set":    {touches: touchedBySet, states: statedBySet, limited: key(1), expiring: setExpiring},
	"setnx":  {touches: key(1), expiring: setnxExpiring},
	"setex":  {states: statedAt(2, true, false), limited: key(1)},
	"psetex": {states: statedAt(2, false, false), limited: key(1)},
	"getex":  {touches: touchedByOption("PERSIST", 2), states: statedByOption(2), limited: key(1)},
	"mset":   touching(keys(1, 2)),
	"msetnx": touching(keys(1, 2)),
	"msetex": {touches: touchedByMsetex, states: statedByMsetex, limited: keysOfMsetex},
	"increx": {touches: touchedByIncrex, states: statedByOption(2), limited: key(1)},
	"getset": touching(key(1)), "append": touching(key(1)), "setrange": touching(key(1)), "setbit": touching(key(1)),
	"incr": touching(key(1)), "incrby": touching(key(1)), "incrbyfloat": touching(key(1)), "decr": touching(key(1)),
	"decrby": touching(key(1)), "bitfield": {touches: touchedByBitfield}, "bitop": touching(key(2)),
	"getdel": neutral, "delex": neutral, "delifeq": neutral,
}

var keyCommands = map[string]command{
	"persist":        touching(key(1)),
	"expire":         {states: statedAt(2, true, false), limited: key(1)},
	"pexpire":        {states: statedAt(2, false, false), limited: key(1)},
	"expireat":       {states: statedAt(2, true, true), limited: key(1)},
	"pexpireat":      {states: statedAt(2, false, true), limited: key(1)},
	"copy":           {touches: key(2), source: textAt(1)},
	"rename":         {touches: key(2), source: textAt(1)},
	"renamenx":       {touches: key(2), source: textAt(1)},
	"restore":        {touches: touchedByRestore, states: statedByRestore, limited: key(1)},
	"restore-asking": {touches: touchedByRestore, states: statedByRestore, limited: key(1)},
	"sort":           touching(keyAfter(2, "STORE")),
	"eval":           script, "evalsha": script, "fcall": script,
	// MOVE and MIGRATE take the TTL along, to where this connection does not see the key.
	"move": neutral, "migrate": neutral, "swapdb": neutral,
	"del": neutral, "unlink": neutral, "flushall": neutral, "flushdb": neutral, "function": neutral,
}

var collectionCommands = map[string]command{
	"hset": touching(key(1)), "hmset": touching(key(1)), "hsetnx": touching(key(1)), "hincrby": touching(key(1)),
	"hincrbyfloat": touching(key(1)), "hsetex": touching(key(1)), "himport": {touches: touchedBySubcommand("SET", 2)},
	// The TTLs of fields do not end the key's life.
	"hdel": neutral, "hgetdel": neutral, "hgetex": neutral, "hexpire": neutral, "hpexpire": neutral, "hexpireat": neutral,
	"hpexpireat": neutral, "hpersist": neutral,

	"sadd": touching(key(1)), "smove": touching(key(2)),
	"sdiffstore": touching(key(1)), "sinterstore": touching(key(1)), "sunionstore": touching(key(1)),
	"srem": neutral, "spop": neutral,

	"lpush": touching(key(1)), "rpush": touching(key(1)), "rpoplpush": touching(key(2)), "lmove": touching(key(2)),
	"lmovem": touching(key(2)), "blmovem": {touches: key(2), waits: true},
	"blmove": {touches: key(2), waits: true}, "brpoplpush": {touches: key(2), waits: true},
	"lpushx": neutral, "rpushx": neutral, "linsert": neutral, "lset": neutral, "lrem": neutral, "ltrim": neutral,
	"lpop": neutral, "rpop": neutral, "lmpop": neutral, "blpop": neutral, "brpop": neutral, "blmpop": neutral,

	"zadd": touching(key(1)), "zincrby": touching(key(1)), "zdiffstore": touching(key(1)), "zinterstore": touching(key(1)),
	"zunionstore": touching(key(1)), "zrangestore": touching(key(1)), "geoadd": touching(key(1)),
	"geosearchstore": touching(key(1)),
	"georadius":      touching(keyAfter(6, "STORE", "STOREDIST")), "georadiusbymember": touching(keyAfter(5, "STORE", "STOREDIST")),
	"zrem": neutral, "zremrangebylex": neutral, "zremrangebyrank": neutral, "zremrangebyscore": neutral,
	"zpopmin": neutral, "zpopmax": neutral, "zmpop": neutral, "bzpopmin": neutral, "bzpopmax": neutral, "bzmpop": neutral,

	"xadd": touching(key(1)), "xgroup": {touches: touchedBySubcommand("CREATE", 2)},
	"xack": neutral, "xackdel": neutral, "xautoclaim": neutral, "xclaim": neutral, "xdel": neutral, "xdelex": neutral,
	"xreadgroup": neutral, "xsetid": neutral, "xtrim": neutral, "xcfgset": neutral, "xnack": neutral,

	"pfadd": touching(key(1)), "pfmerge": touching(key(1)), "pfdebug": neutral,

	"arset": touching(key(1)), "armset": touching(key(1)), "arinsert": touching(key(1)), "arring": touching(key(1)),
	"ardel": neutral, "ardelrange": neutral,

	"vadd": touching(key(1)), "vsetattr": neutral, "vrem": neutral,
}

var moduleCommands = map[string]command{
	"json.set": touching(key(1)), "json.mset": touching(keys(1, 3)), "json.merge": touching(key(1)),
	"bf.add": touching(key(1)), "bf.madd": touching(key(1)), "bf.insert": touching(key(1)), "bf.reserve": touching(key(1)),
	"bf.loadchunk": touching(key(1)),
	"cf.add":       touching(key(1)), "cf.addnx": touching(key(1)), "cf.insert": touching(key(1)), "cf.insertnx": touching(key(1)),
	"cf.reserve": touching(key(1)), "cf.loadchunk": touching(key(1)),
	"cms.initbydim": touching(key(1)), "cms.initbyprob": touching(key(1)),
	"topk.reserve": touching(key(1)), "tdigest.create": touching(key(1)), "tdigest.merge": touching(key(1)),
	"ts.create": touching(key(1)), "ts.add": touching(key(1)), "ts.incrby": touching(key(1)), "ts.decrby": touching(key(1)),
	"ft.sugadd": touching(key(1)),
}
