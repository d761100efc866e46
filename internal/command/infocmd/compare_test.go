package infocmd_test

import (
	"fmt"
	"slices"
	"sort"
	"strings"
	"testing"

	"github.com/curfewkv/curfew/internal/command"
	"github.com/curfewkv/curfew/internal/command/commandtest"
	"github.com/curfewkv/curfew/internal/command/infocmd"
	"github.com/curfewkv/curfew/internal/server"
	"github.com/curfewkv/curfew/resp"
)

// newer are what Redis changed between the 7.0 that these tests meet and 7.4: a command, a field, and what is right. Where
// the reason ends in "Curfew", the difference is our own.
var newer = []struct{ name, field, right, reason string }{
	{"command|getkeys", "arity", "-3", "7.2: a command without arguments will do"},
	{"command|getkeysandflags", "arity", "-3", "7.2: a command without arguments will do"},
	{"command|getkeys", "arguments", "string, string multiple optional", "7.2: they are documented"},
	{"command|getkeysandflags", "arguments", "string, string multiple optional", "7.2: they are documented"},
	{"config|get", "arguments", "string multiple", "7.2: no blocks of one argument"},
	{"psubscribe", "arguments", "pattern multiple", "7.2: no blocks of one argument"},
	{"client|list", "arguments", "ID integer multiple optional, TYPE oneof(MASTER pure-token, NORMAL pure-token, PUBSUB pure-token, " +
		"REPLICA pure-token) optional", "7.2: no blocks of one argument"},
	{"client|kill", "arguments", "oneof(oneof(ADDR string, ID integer, LADDR string, MAXAGE integer, SKIPME oneof(NO pure-token, " +
		"YES pure-token), TYPE oneof(MASTER pure-token, NORMAL pure-token, PUBSUB pure-token, REPLICA pure-token, " +
		"SLAVE pure-token), USER string) multiple, string)", "7.4: MAXAGE; that each filter is optional too is left out by Curfew"},
	{"client|pause", "since", "3.0.0", "7.2: versions of development are given as the release"},
	{"wait", "flags", "blocking", "7.2: it may be called by scripts, where it does not wait"},
	{"wait", "categories", "@blocking @connection @slow", "7.2: follows from the flag"},
	{"quit", "deprecated_since", "7.2.0", "7.2"},
	{"setex", "deprecated_since", "2.6.12", "7.2: stated"},
	{"psetex", "deprecated_since", "2.6.12", "7.2: stated"},
	{"setnx", "deprecated_since", "2.6.12", "7.2: stated"},
	{"quit", "doc_flags", "deprecated", "7.2"},
	{"latency|reset", "tips", "request_policy:all_nodes response_policy:agg_sum", "7.4: it replies a count"},
	{"msetnx", "tips", "", "7.4: split over nodes it would not be all or none"},
	{"config|rewrite", "tips", "request_policy:all_nodes response_policy:all_succeeded", "7.2: stated"},
	{"config|resetstat", "tips", "request_policy:all_nodes response_policy:all_succeeded", "7.2: stated"},
	{"client|setname", "tips", "request_policy:all_nodes response_policy:all_succeeded", "7.2: stated"},
	{"randomkey", "tips", "nondeterministic_output request_policy:all_shards response_policy:special", "7.4: stated"},
	{"scan", "tips", "nondeterministic_output request_policy:special response_policy:special", "7.4: stated"},
	{"cluster|slots", "flags", "loading stale", "7.2"},
	{"cluster|shards", "flags", "loading stale", "7.2"},
	{"setex", "doc_flags", "deprecated", "7.2: stated"},
	{"psetex", "doc_flags", "deprecated", "7.2: stated"},
	{"setnx", "doc_flags", "deprecated", "7.2: stated"},
	{"lolwut", "arguments", "VERSION integer optional, block(integer, integer optional) optional", "the size of the picture, Curfew"},
}

// unknown are the commands that Redis 7.0 has not.
var unknown = []string{"client|no-touch", "client|setinfo", "waitaof"}

// entry is what COMMAND INFO and COMMAND DOCS tell of a command, each field as text.
type entry map[string]string

// entries are those of all commands and subcommands by name.
func entries(info, docs resp.Value) map[string]entry {
	out := map[string]entry{}
	var take func(v resp.Value)
	take = func(v resp.Value) {
		e := entry{}
		for i, name := range []string{"name", "arity", "flags", "first key", "last key", "step", "categories", "tips", "rules"} {
			e[name] = canonical(v.Array[i])
		}
		out[v.Array[0].Str] = e
		for _, sub := range v.Array[9].Array {
			take(sub)
		}
	}
	for _, v := range info.Array {
		take(v)
	}
	var describe func(v resp.Value)
	describe = func(v resp.Value) {
		for i := 0; i < len(v.Array); i += 2 {
			e := out[v.Array[i].Str]
			f := field(v.Array[i+1])
			for _, name := range []string{"since", "group", "deprecated_since", "doc_flags"} {
				e[name] = canonical(f[name])
			}
			e["arguments"] = shape(f["arguments"])
			describe(f["subcommands"])
		}
	}
	describe(docs)
	return out
}

// field are the fields of a map.
func field(v resp.Value) map[string]resp.Value {
	out := map[string]resp.Value{}
	for i := 0; i+1 < len(v.Array); i += 2 {
		out[v.Array[i].Str] = v.Array[i+1]
	}
	return out
}

// canonical shows a value with its sets sorted, and key specifications without their notes, which are words for people.
func canonical(v resp.Value) string {
	switch v.Type {
	case 0:
		return ""
	case ':':
		return fmt.Sprint(v.Int)
	case '~':
		parts := make([]string, len(v.Array))
		for i, a := range v.Array {
			parts[i] = canonical(a)
		}
		if len(v.Array) > 0 && v.Array[0].Type != '%' {
			sort.Strings(parts)
		}
		return strings.Join(parts, " ")
	case '%':
		var parts []string
		for i := 0; i < len(v.Array); i += 2 {
			if v.Array[i].Str != "notes" {
				parts = append(parts, v.Array[i].Str+":"+canonical(v.Array[i+1]))
			}
		}
		return "{" + strings.Join(parts, " ") + "}"
	}
	return v.Str
}

// shape shows arguments by type, token and flags, sorted: their names and order are not the same in all versions of Redis.
func shape(v resp.Value) string {
	parts := make([]string, len(v.Array))
	for i, a := range v.Array {
		f := field(a)
		s := f["token"].Str + " " + f["type"].Str
		if f["key_spec_index"].Type != 0 {
			s += fmt.Sprintf("#%d", f["key_spec_index"].Int)
		}
		if f["arguments"].Type != 0 {
			s += "(" + shape(f["arguments"]) + ")"
		}
		if flags := canonical(f["flags"]); flags != "" {
			s += " " + flags
		}
		parts[i] = strings.TrimSpace(s)
	}
	slices.Sort(parts)
	return strings.Join(parts, ", ")
}

func TestCommandsAreDescribedAsByRedis(t *testing.T) {
	r := commandtest.StartRedis(t)
	s := fresh(t)
	r.Do("HELLO", "3")
	s.Session.SetProto(3)
	theirs := entries(r.Do("COMMAND"), r.Do("COMMAND", "DOCS"))
	ours := entries(s.Value("COMMAND"), s.Value("COMMAND", "DOCS"))
	for _, n := range newer {
		if theirs[n.name][n.field] == n.right {
			t.Errorf("%s: %s is the same in Redis 7.0", n.name, n.field)
		}
		theirs[n.name][n.field] = n.right
	}
	for name, e := range ours {
		their, ok := theirs[name]
		if !ok {
			if !slices.Contains(unknown, name) {
				t.Errorf("Redis has no %s", name)
			}
			continue
		}
		for key, got := range e {
			if want := their[key]; got != want {
				t.Errorf("%s: %s\n ours %s\nredis %s", name, key, got, want)
			}
		}
	}
}

// fresh makes a server with the family, which describes all of Curfew's commands.
func fresh(t testing.TB) *commandtest.Server {
	all := wholeTable(t)
	return commandtest.New(t, infocmd.Specs(func() *command.Table { return all }))
}

// wholeTable has all of the server's commands.
func wholeTable(t testing.TB) *command.Table {
	t.Helper()
	table, _, err := server.Describe()
	if err != nil {
		t.Fatal(err)
	}
	return table
}

// dump shows a reply with its types.
func dump(v resp.Value) string {
	if v.Array == nil {
		return fmt.Sprintf("%c%s%d", v.Type, v.Str, v.Int)
	}
	parts := make([]string, len(v.Array))
	for i, a := range v.Array {
		parts[i] = dump(a)
	}
	return string(v.Type) + "[" + strings.Join(parts, " ") + "]"
}
