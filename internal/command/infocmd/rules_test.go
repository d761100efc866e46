package infocmd_test

import (
	"strings"
	"testing"

	"github.com/curfewkv/curfew/internal/command"
	"github.com/curfewkv/curfew/internal/command/commandtest"
	"github.com/curfewkv/curfew/internal/command/infocmd"
	"github.com/curfewkv/curfew/resp/number"
)

// counted finds the keys behind their number at args[at], and adds the positions in also.
func counted(at int, also ...int) func(args [][]byte) []int {
	return func(args [][]byte) []int {
		n, ok := number.ParseInt64(args[at])
		if !ok || n < 0 || int(n) > len(args)-at-1 {
			return nil
		}
		out := also
		for i := range int(n) {
			out = append(out, at+1+i)
		}
		return out
	}
}

// behind finds the first half of the arguments, or all of them, behind a word, or the key at a position.
func behind(word string, part, otherwise int) func(args [][]byte) []int {
	return func(args [][]byte) []int {
		for i, a := range args {
			if !command.EqualFold(a, word) {
				continue
			}
			var out []int
			for j := range (len(args) - i - 1) / part {
				out = append(out, i+1+j)
			}
			return out
		}
		if otherwise == 0 {
			return nil
		}
		return []int{otherwise}
	}
}

// strangers are commands of Redis, not of Curfew, whose keys are found in every way that there is.
func strangers() []*command.Spec {
	none := func(*command.Ctx) error { return nil }
	return []*command.Spec{
		{
			Name: "zunionstore", Arity: -4, Flags: command.Write | command.DenyOOM | command.MovableKeys, Group: "sorted-set", Since: "2.0.0", Run: none,
			Keys: command.Keys{First: 1, Last: 1, Step: 1, Find: counted(2, 1), Rules: []command.KeyRule{
				{Flags: "OW update", Index: 1, Step: 1}, {Flags: "RO access", Index: 2, NumKeys: true, FirstAt: 1, Step: 1},
			}},
			Syntax: "destination numkeys key [key ...] [WEIGHTS weight:integer [weight:integer ...]] [AGGREGATE <SUM | MIN | MAX>]",
		},
		{
			Name: "xread", Arity: -4, Flags: command.ReadOnly | command.Blocking | command.MovableKeys, Group: "stream", Since: "5.0.0", Run: none,
			Keys: command.Keys{Find: behind("STREAMS", 2, 0), Rules: []command.KeyRule{
				{Flags: "RO access", Keyword: "STREAMS", From: 1, Last: -1, Step: 1, Limit: 2},
			}},
			Syntax: "[COUNT count] [BLOCK milliseconds] STREAMS key [key ...] id [id ...]",
		},
		{
			Name: "migrate", Arity: -6, Flags: command.Write | command.MovableKeys, Group: "generic", Since: "2.6.0", Run: none,
			Categories: "@dangerous", Tips: "nondeterministic_output",
			Keys: command.Keys{First: 3, Last: 3, Step: 1, Find: behind("KEYS", 1, 3), Rules: []command.KeyRule{
				{Flags: "RW access delete", Index: 3, Step: 1},
				{Flags: "RW access delete incomplete", Keyword: "KEYS", From: -2, Last: -1, Step: 1},
			}},
		},
		{
			Name: "eval", Arity: -3, Flags: command.NoScript | command.Stale | command.SkipMonitor | command.NoMandatoryKeys | command.MovableKeys,
			Group: "scripting", Since: "2.6.0", Run: none,
			Keys: command.Keys{Find: counted(2), Rules: []command.KeyRule{
				{Flags: "RW access update", Notes: "What a script does with a key is not known.", Index: 2, NumKeys: true, FirstAt: 1, Step: 1},
			}},
			Syntax: "script numkeys [key [key ...]] [arg [arg ...]]",
		},
		{
			Name: "sort", Arity: -2, Flags: command.Write | command.DenyOOM | command.MovableKeys, Group: "generic", Since: "1.0.0", Run: none,
			Categories: "@set @sortedset @list @dangerous -@keyspace",
			Keys: command.Keys{
				First: 1, Last: 1, Step: 1,
				Find: func(args [][]byte) []int { return append([]int{1}, behind("STORE", 1, 0)(args)...) },
				FlagsAt: func(_ [][]byte, pos int) string {
					if pos == 1 {
						return "RO access"
					}
					return "OW update"
				},
				Rules: []command.KeyRule{{Flags: "RO access", Index: 1, Step: 1}, {Flags: "RO access"}, {Flags: "OW update"}},
			},
		},
		{
			Name: "ssubscribe", Arity: -2, Flags: command.PubSub | command.NoScript | command.Loading | command.Stale, Group: "pubsub", Since: "7.0.0", Run: none,
			Keys:   command.Keys{First: 1, Last: -1, Step: 1, Flags: "not_key"},
			Syntax: "shardchannel [shardchannel ...]",
		},
	}
}

// undocumented are the strangers without a Syntax here.
var undocumented = []string{"migrate", "sort"}

func TestKeysFoundInOtherWaysAreDescribedAsByRedis(t *testing.T) {
	r := commandtest.StartRedis(t)
	table := command.NewTable(strangers())
	s := commandtest.New(t, infocmd.Specs(func() *command.Table { return table }))
	r.Do("HELLO", "3")
	s.Session.SetProto(3)
	theirs := entries(r.Do("COMMAND"), r.Do("COMMAND", "DOCS"))
	ours := entries(s.Value("COMMAND"), s.Value("COMMAND", "DOCS"))
	if len(ours) != len(strangers()) {
		t.Errorf("%d commands", len(ours))
	}
	for _, name := range undocumented {
		theirs[name]["arguments"] = ""
	}
	for name, e := range ours {
		for key, got := range e {
			if want := theirs[name][key]; got != want {
				t.Errorf("%s: %s\n ours %s\nredis %s", name, key, got, want)
			}
		}
	}

	for _, line := range []string{
		"zunionstore d 2 a b weights 1 2", "zunionstore d 1 a", "zunionstore d 9 a", "zunionstore d x a", "zunionstore d 1",
		"xread streams a 0", "xread count 1 streams a b 0 0", "xread count 1 block 5", "xread count streams",
		"migrate h 1 k 0 5", "migrate h 1 - 0 5 copy keys a b",
		"eval s 0", "eval s 2 a b c", "eval s", "eval s 3 a",
		"sort k", "sort k store d", "ssubscribe a",
	} {
		// The key that MIGRATE does not mean is the empty string.
		words := strings.Fields(strings.ReplaceAll(line, " - ", " \x00 "))
		for i := range words {
			words[i] = strings.ReplaceAll(words[i], "\x00", "")
		}
		for _, sub := range []string{"GETKEYS", "GETKEYSANDFLAGS"} {
			args := append([]string{"COMMAND", sub}, words...)
			if got, want := dump(s.Value(args...)), dump(r.Do(args...)); got != want {
				t.Errorf("%q\n ours %s\nredis %s", args, got, want)
			}
		}
	}
}
