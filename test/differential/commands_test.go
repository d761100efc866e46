package differential

import (
	"strings"
	"testing"
)

// families lists the grammar of every command that is compared, by family. A command may have several lines.
// HELLO is here without SETNAME: when an option after it is refused, 7.0 has set the name already, 7.4 has not.
var families = map[string]string{
	"string": `
		SET key val {[NX|XX] [GET] [EX ttl|PX pttl|EXAT at|PXAT pat|KEEPTTL]}
		SET key num
		GET key
		GETSET key val
		GETDEL key
		GETEX key [EX ttl|PX pttl|EXAT at|PXAT pat|PERSIST]
		SETNX key val
		SETEX key ttl val
		PSETEX key pttl val
		MSET (key val)+
		MSETNX (key val)+
		MGET (key)+
		APPEND key val
		STRLEN key
		INCR key
		DECR key
		INCRBY key num
		DECRBY key num
		INCRBYFLOAT key float
		GETRANGE key off off
		SUBSTR key off off
		SETRANGE key off val
		LCS key key [LEN|IDX|IDX MINMATCHLEN num|IDX WITHMATCHLEN|LEN IDX]
	`,
	"bit": `
		SETBIT key bitoff bit
		GETBIT key bitoff
		BITCOUNT key [off off|off off BYTE|off off BIT|off]
		BITPOS key bit [off|off off|off off BYTE|off off BIT]
		BITOP AND key (key)+
		BITOP OR key (key)+
		BITOP XOR key (key)+
		BITOP NOT key key
		BITFIELD key [GET bitfield bitat] [SET bitfield bitat num] [OVERFLOW SAT|OVERFLOW FAIL|OVERFLOW WRAP] [INCRBY bitfield bitat num]
		BITFIELD_RO key GET bitfield bitat
	`,
	"key": `
		DEL (key)+
		UNLINK (key)+
		EXISTS (key)+
		TOUCH (key)+
		TYPE key
		RENAME key key
		RENAMENX key key
		COPY key key {[DB db] [REPLACE]}
		MOVE key db
		KEYS pattern
		RANDOMKEY
		DBSIZE
		SCAN cursor {[MATCH pattern] [COUNT num] [TYPE type]}
		FLUSHDB [ASYNC|SYNC]
		FLUSHALL [ASYNC|SYNC]
		SWAPDB db db
		OBJECT ENCODING key
		OBJECT REFCOUNT key
		OBJECT IDLETIME key
		OBJECT FREQ key
		OBJECT HELP
		MEMORY USAGE key [SAMPLES num]
	`,
	"ttl": `
		EXPIRE key ttl [NX|XX|GT|LT|XX GT|XX LT|NX GT|GT LT|NX XX]
		PEXPIRE key pttl [NX|XX|GT|LT|XX GT|XX LT|NX LT]
		EXPIREAT key at [NX|XX|GT|LT|XX GT|XX LT]
		PEXPIREAT key pat [NX|XX|GT|LT|XX GT|XX LT]
		TTL key
		PTTL key
		EXPIRETIME key
		PEXPIRETIME key
		PERSIST key
	`,
	"transaction": `
		MULTI
		EXEC
		DISCARD
		WATCH (key)+
		UNWATCH
	`,
	"connection": `
		PING [val]
		ECHO val
		SELECT db
		HELLO [2|3|num]
		RESET
		CLIENT ID
		CLIENT GETNAME
		CLIENT SETNAME name
		CLIENT NO-EVICT [ON|OFF|val]
		CLIENT UNPAUSE
		CLIENT GETREDIR
		CLIENT REPLY ON
		AUTH val [val]
		TIME
		COMMAND COUNT
		COMMAND GETKEYS GET key
		COMMAND GETKEYS SET key val
		COMMAND GETKEYS MSET (key val)+
		COMMAND GETKEYS RENAME key key
		COMMAND GETKEYS PING val
		COMMAND GETKEYS val
		COMMAND GETKEYS OBJECT ENCODING key
	`,
	"unknown": `
		NOSUCHCOMMAND [val] [val]
		CLIENT NOSUCH [val]
		OBJECT NOSUCH key
	`,
}

// A form is one line of the grammar.
type form struct {
	command string // as rules are looked up: "GETEX", "OBJECT FREQ"
	family  string
	node    node
}

// forms returns the parsed grammar, in a fixed order.
func forms(t testing.TB, wanted ...string) []form {
	t.Helper()
	var list []form
	for _, family := range wanted {
		for line := range strings.Lines(families[family]) {
			line = strings.TrimSpace(line)
			if line == "" {
				continue
			}
			n, err := parseGrammar(line)
			if err != nil {
				t.Fatal(err)
			}
			f := form{command: commandName(strings.Fields(line)), family: family, node: n}
			if _, missing := notThere[f.command]; !missing {
				list = append(list, f)
			}
		}
	}
	return list
}

// containers are the commands whose second word belongs to the name.
var containers = map[string]bool{"OBJECT": true, "CLIENT": true, "COMMAND": true, "MEMORY": true, "PUBSUB": true, "CONFIG": true}

// commandName returns the name of a command under which rules and tests know it.
func commandName(args []string) string {
	if len(args) == 0 {
		return ""
	}
	name := strings.ToUpper(args[0])
	if containers[name] && len(args) > 1 {
		name += " " + strings.ToUpper(args[1])
	}
	return name
}

func TestGrammarCoversEveryFamily(t *testing.T) {
	for family := range families {
		if len(forms(t, family)) == 0 {
			t.Errorf("family %s is empty", family)
		}
	}
	for _, broken := range []string{"SET key [NX", "SET nosuchkind", "MGET (key"} {
		if _, err := parseGrammar(broken); err == nil {
			t.Errorf("%q is taken for a grammar", broken)
		}
	}
}
