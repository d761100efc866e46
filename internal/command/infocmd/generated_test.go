package infocmd_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/curfewkv/curfew/internal/command/commandtest"
	"github.com/curfewkv/curfew/internal/command/grammar"
)

// Redis finds the same keys in the arguments of every command, be they right or wrong.
func TestKeysOfGeneratedArgumentsAreThoseOfRedis(t *testing.T) {
	r := commandtest.StartRedis(t)
	s := fresh(t)
	pick := func(a grammar.Arg) []string {
		if a.Type == grammar.Key {
			return []string{"a", "b", "c"}
		}
		return nil
	}
	compared := 0
	for _, spec := range wholeTable(t).All() {
		if len(spec.Subcommands) > 0 || len(r.Do("COMMAND", "INFO", spec.Full).Array[0].Array) == 0 {
			continue
		}
		g, err := grammar.Parse(spec.Syntax)
		if err != nil {
			t.Error(err)
			continue
		}
		const seed = 1
		rnd := rand.New(rand.NewPCG(seed, 0))
		for _, words := range append(g.Generate(rnd, pick), g.Violate(rnd, pick)...) {
			if len(words) == 0 {
				continue // too little for COMMAND GETKEYS in Redis 7.0
			}
			args := append([]string{"COMMAND", "GETKEYSANDFLAGS"}, strings.Split(spec.Full, "|")...)
			args = append(args, words...)
			if got, want := dump(s.Value(args...)), dump(r.Do(args...)); got != want {
				t.Errorf("%q\n ours %s\nredis %s", args, got, want)
			}
			compared++
		}
	}
	if compared < 1000 {
		t.Errorf("only %d lines were compared", compared)
	}
	t.Logf("%d lines", compared)
}
