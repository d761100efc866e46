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
	shapeRule = rule{"shape", "the value belongs to the server: an id, a count, a cursor, a random choice", sameShape}
)

// rules are the commands whose replies may differ. Everything that is not here must be equal to the byte.
var rules = map[string]rule{
	"TTL":             clockRule(1),
	"PTTL":            clockRule(2000),
	"EXPIRETIME":      clockRule(1),
	"PEXPIRETIME":     clockRule(2000),
	"OBJECT IDLETIME": clockRule(1),
	"TIME":            shapeRule,
	"KEYS":            orderRule,
	"RANDOMKEY":       shapeRule,
	"SCAN":            shapeRule,
	"CLIENT ID":       shapeRule,
	"MEMORY USAGE":    shapeRule,
	"COMMAND COUNT":   shapeRule,
	"COMMAND":         shapeRule,
	"HELLO": {"hello", "server version and connection id differ", func(_ []string, redis, curfew rig.Reply) bool {
		return sameFields(redis, curfew, "version", "id")
	}},
}

// agree compares the replies to one command.
func agree(args []string, redis, curfew rig.Reply) bool {
	if bytes.Equal(redis.Raw, curfew.Raw) {
		return true
	}
	r, ok := rules[commandName(args)]
	return ok && r.same(args, redis, curfew)
}

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
		{"RANDOMKEY", bulk("a"), bulk("b"), true},
		{"RANDOMKEY", bulk("a"), rig.Reply{Kind: '$', Nil: true, Raw: []byte("$-1\r\n")}, false},
		{"SCAN x", failure("ERR a"), failure("ERR b"), false},
		{"HELLO", array(bulk("version"), bulk("7.0"), bulk("proto"), integer("2")), array(bulk("version"), bulk("7.4"), bulk("proto"), integer("2")), true},
		{"HELLO", array(bulk("version"), bulk("7.0"), bulk("proto"), integer("2")), array(bulk("version"), bulk("7.4"), bulk("proto"), integer("3")), false},
	} {
		if got := agree(strings.Fields(c.command), c.redis, c.curfew); got != c.same {
			t.Errorf("%s: %s and %s: %v, want %v", c.command, c.redis, c.curfew, got, c.same)
		}
	}
}
