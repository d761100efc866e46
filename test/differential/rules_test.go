package differential

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/curfewkv/curfew/test/rig"
)

// A rule says in what the two replies to a command may differ, and why. same is asked only when the bytes differ.
type rule struct {
	name string
	why  string
	same func(args []string, redis, curfew rig.Reply) bool
}

var (
	clockRule = func(slack int64) rule {
		return rule{"clock", "the command reaches the two servers at different times", within(slack)}
	}
	orderRule = rule{"order", "the order of the keyspace is not part of the protocol", sameSet}
	helpRule  = rule{"help", "help texts are our own words", sameShape}
	shapeRule = rule{"shape", "the value belongs to the server: an id, a count, a cursor, a random choice", sameShape}
)

// notThere are commands that Curfew does not have yet. They are left out of the generated sequences;
// TestNotThereIsUpToDate fails when one of them has come.
var notThere = map[string]string{
	"BITCOUNT":    "bitmaps come with the other data types",
	"BITPOS":      "bitmaps come with the other data types",
	"BITOP":       "bitmaps come with the other data types",
	"BITFIELD":    "bitmaps come with the other data types",
	"BITFIELD_RO": "bitmaps come with the other data types",
}

// rules are the commands whose replies may differ. Everything that is not here must be equal to the byte.
var rules = map[string]rule{
	"TTL":             clockRule(1),
	"PTTL":            clockRule(2000),
	"EXPIRETIME":      clockRule(1),
	"PEXPIRETIME":     clockRule(2000),
	"OBJECT IDLETIME": {"idle", "redis shows a shared small number's idle time, which no key's access changes", bothIntegers},
	"OBJECT REFCOUNT": {"refcount", "there are no shared objects: docs/differences.md, Memory", bothIntegers},
	"OBJECT HELP":     helpRule,
	"CLIENT HELP":     helpRule,
	"CONFIG HELP":     helpRule,
	"COMMAND HELP":    helpRule,
	"MEMORY HELP":     helpRule,
	"PUBSUB HELP":     helpRule,
	"TIME":            shapeRule,
	"KEYS":            orderRule,
	"RANDOMKEY":       shapeRule,
	"SCAN": {"scan", "cursors are the server's own; 7.4 refuses those that 7.0 takes for 0: docs/differences.md", func(args []string, redis, curfew rig.Reply) bool {
		odd := len(args) > 1 && (args[1] == "" || strings.HasPrefix(args[1], "-"))
		return sameShape(args, redis, curfew) || odd && curfew.Text == "ERR invalid cursor"
	}},
	"CLIENT ID":     shapeRule,
	"MEMORY USAGE":  shapeRule,
	"COMMAND COUNT": shapeRule,
	"COMMAND":       shapeRule,
	"COMMAND GETKEYS": {"version", "a command without arguments is one argument too few in 7.0, not in 7.4", func(args []string, redis, curfew rig.Reply) bool {
		return len(args) == 3 && redis.Text == "ERR wrong number of arguments for 'command|getkeys' command" && curfew.Kind == '-'
	}},
	"HELLO": {"hello", "server version and connection id differ", func(_ []string, redis, curfew rig.Reply) bool {
		return sameFields(redis, curfew, "version", "id")
	}},
}

// agree compares the replies to one command.
func agree(args []string, redis, curfew rig.Reply) bool {
	if bytes.Equal(redis.Raw, curfew.Raw) {
		return true
	}
	if r, ok := rules[commandName(args)]; ok && r.same(args, redis, curfew) {
		return true
	}
	return slices.ContainsFunc(args, hasNUL) && nulRule.same(args, redis, curfew)
}

// nulRule: an argument that is quoted in an error ends at its first NUL in redis, as C strings do. Curfew shows the
// whole argument. The error itself must be the same: it begins with the same words.
var nulRule = rule{"nul", "redis cuts what it quotes in errors at a NUL", func(_ []string, redis, curfew rig.Reply) bool {
	a, b := strings.Fields(redis.Text), strings.Fields(curfew.Text)
	return redis.Kind == '-' && curfew.Kind == '-' && len(a) > 2 && len(b) > 2 && slices.Equal(a[:3], b[:3])
}}

func hasNUL(arg string) bool { return strings.Contains(arg, "\x00") }

// agreeExec compares the replies to EXEC, each with the rule of the command that was queued.
func agreeExec(queued [][]string, redis, curfew rig.Reply) bool {
	if bytes.Equal(redis.Raw, curfew.Raw) {
		return true
	}
	if redis.Kind != '*' || curfew.Kind != '*' || len(redis.Items) != len(curfew.Items) || len(redis.Items) != len(queued) {
		return false
	}
	for i, args := range queued {
		if !agree(args, redis.Items[i], curfew.Items[i]) {
			return false
		}
	}
	return true
}

// within accepts two positive integers that are close: 0, -1 and -2 are answers of another kind.
func within(slack int64) func([]string, rig.Reply, rig.Reply) bool {
	return func(_ []string, redis, curfew rig.Reply) bool {
		a, ok := redis.Int()
		b, ok2 := curfew.Int()
		if !ok || !ok2 || min(a, b) < 0 {
			return false
		}
		return max(a, b)-min(a, b) <= slack
	}
}

func bothIntegers(_ []string, redis, curfew rig.Reply) bool {
	_, ok := redis.Int()
	_, ok2 := curfew.Int()
	return ok && ok2
}

func sameSet(_ []string, redis, curfew rig.Reply) bool {
	return redis.Kind == curfew.Kind && redis.Kind == '*' && slices.Equal(sorted(redis.Items), sorted(curfew.Items))
}

func sorted(items []rig.Reply) []string {
	texts := make([]string, len(items))
	for i, item := range items {
		texts[i] = string(item.Raw)
	}
	slices.Sort(texts)
	return texts
}

// sameShape accepts values of the same type; errors must be equal.
func sameShape(_ []string, redis, curfew rig.Reply) bool {
	if redis.Kind != curfew.Kind || redis.IsError() || redis.Nil != curfew.Nil {
		return false
	}
	n, ok := redis.Int()
	m, _ := curfew.Int()
	return !ok || (n > 0) == (m > 0)
}

// sameFields compares two flat maps (or arrays of pairs) except for the named fields.
func sameFields(redis, curfew rig.Reply, except ...string) bool {
	if redis.Kind != curfew.Kind || len(redis.Items) != len(curfew.Items) || redis.IsError() {
		return false
	}
	for i := 0; i+1 < len(redis.Items); i += 2 {
		if !bytes.Equal(redis.Items[i].Raw, curfew.Items[i].Raw) {
			return false
		}
		name := redis.Items[i].Text
		if !slices.Contains(except, name) && !bytes.Equal(redis.Items[i+1].Raw, curfew.Items[i+1].Raw) {
			return false
		}
	}
	return true
}

func TestRulesAllowNoMoreThanTheySay(t *testing.T) {
	integer := func(text string) rig.Reply { return rig.Reply{Kind: ':', Text: text, Raw: []byte(":" + text + "\r\n")} }
	failure := func(text string) rig.Reply { return rig.Reply{Kind: '-', Text: text, Raw: []byte("-" + text + "\r\n")} }
	bulk := func(text string) rig.Reply { return rig.Reply{Kind: '$', Text: text, Raw: []byte("$" + text)} }
	array := func(items ...rig.Reply) rig.Reply {
		r := rig.Reply{Kind: '*', Items: items, Raw: []byte("*")}
		for _, item := range items {
			r.Raw = append(r.Raw, item.Raw...)
		}
		return r
	}
	for _, c := range []struct {
		command       string
		redis, curfew rig.Reply
		same          bool
	}{
		{"GET k", bulk("a"), bulk("a"), true},
		{"GET k", bulk("a"), bulk("b"), false},
		{"TTL k", integer("100"), integer("99"), true},
		{"TTL k", integer("100"), integer("98"), false},
		{"TTL k", integer("0"), integer("-1"), false},
		{"TTL k", integer("-1"), integer("-2"), false},
		{"TTL k", failure("ERR a"), failure("ERR b"), false},
		{"KEYS *", array(bulk("a"), bulk("b")), array(bulk("b"), bulk("a")), true},
		{"KEYS *", array(bulk("a")), array(bulk("b")), false},
		{"COMMAND GETKEYS GET", failure("ERR wrong number of arguments for 'command|getkeys' command"), failure("ERR Invalid"), true},
		{"COMMAND GETKEYS GET k", failure("ERR wrong number of arguments for 'command|getkeys' command"), failure("ERR Invalid"), false},
		{"RANDOMKEY", bulk("a"), bulk("b"), true},
		{"RANDOMKEY", bulk("a"), rig.Reply{Kind: '$', Nil: true, Raw: []byte("$-1\r\n")}, false},
		{"EXPIRE k 1 \x00y", failure("ERR Unsupported option "), failure("ERR Unsupported option  y"), true},
		{"EXPIRE k 1 \x00y", failure("ERR Unsupported option "), failure("ERR syntax error"), false},
		{"EXPIRE k 1 y", failure("ERR Unsupported option "), failure("ERR Unsupported option y"), false},
		{"OBJECT REFCOUNT k", integer("2147483647"), integer("1"), true},
		{"OBJECT REFCOUNT k", integer("2147483647"), failure("ERR a"), false},
		{"SCAN x", failure("ERR a"), failure("ERR b"), false},
		{"HELLO", array(bulk("version"), bulk("7.0"), bulk("proto"), integer("2")), array(bulk("version"), bulk("7.4"), bulk("proto"), integer("2")), true},
		{"HELLO", array(bulk("version"), bulk("7.0"), bulk("proto"), integer("2")), array(bulk("version"), bulk("7.4"), bulk("proto"), integer("3")), false},
	} {
		if got := agree(strings.Fields(c.command), c.redis, c.curfew); got != c.same {
			t.Errorf("%s: %s and %s: %v, want %v", c.command, c.redis, c.curfew, got, c.same)
		}
	}
}

func TestNotThereIsUpToDate(t *testing.T) {
	c, err := rig.Dial(rig.Curfew(t))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for command, why := range notThere {
		reply, err := c.Do(append(strings.Fields(command), "k")...)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(reply.Text, "ERR unknown command") {
			t.Errorf("%s has come (%s): take it out of notThere", command, why)
		}
	}
}
