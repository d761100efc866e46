package infocmd_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/curfewkv/curfew/internal/command"
	"github.com/curfewkv/curfew/internal/command/grammar"
)

// looser are the commands whose arity does not follow from their arguments, as in Redis, with the reason.
var looser = map[string]string{
	"debug": "what its subcommands take is not documented",
	"quit":  "any arguments are taken, and none has a meaning",
}

func TestEverySyntaxParsesAndAgreesWithTheArity(t *testing.T) {
	for _, s := range wholeTable(t).All() {
		g, err := grammar.Parse(s.Syntax)
		if err != nil {
			t.Errorf("%s: %v", s.Full, err)
			continue
		}
		if len(s.Subcommands) > 0 {
			if s.Syntax != "" {
				t.Errorf("%s: a container takes its subcommands' arguments, it has none of its own", s.Full)
			}
			continue
		}
		least, most := g.Len()
		words := 1
		if s.Parent != nil {
			words = 2
		}
		least += words
		if most != grammar.Unbounded {
			most += words
		}
		fits := s.Arity == least && least == most || s.Arity == -least && least != most
		_, known := looser[s.Full]
		if fits == known {
			t.Errorf("%s: arity %d, but %q makes it %d to %d words", s.Full, s.Arity, s.Syntax, least, most)
		}
	}
}

var (
	groups = strings.Fields("generic string list set sorted-set hash pubsub transactions connection server scripting hyperloglog cluster geo stream bitmap")
	tips   = strings.Fields("nondeterministic_output nondeterministic_output_order request_policy:all_nodes request_policy:all_shards " +
		"request_policy:multi_shard request_policy:special response_policy:one_succeeded response_policy:all_succeeded " +
		"response_policy:agg_logical_and response_policy:agg_logical_or response_policy:agg_min response_policy:agg_max " +
		"response_policy:agg_sum response_policy:special")
	keyFlags = strings.Fields("RO RW OW RM access update insert delete not_key incomplete variable_flags")
)

func TestEveryCommandIsDescribedWithKnownWords(t *testing.T) {
	known := func(s *command.Spec, what, words string, allowed []string) {
		for _, w := range strings.Fields(words) {
			if !slices.Contains(allowed, w) {
				t.Errorf("%s: the %s has %q", s.Full, what, w)
			}
		}
	}
	for _, s := range wholeTable(t).All() {
		if s.Summary == "" || s.Since == "" || s.Complexity == "" || s.Group == "" {
			t.Errorf("%s: summary %q, since %q, complexity %q, group %q", s.Full, s.Summary, s.Since, s.Complexity, s.Group)
		}
		known(s, "group", s.Group, groups)
		known(s, "tips", s.Tips, tips)
		for _, r := range s.KeyRules() {
			known(s, "key flags", r.Flags, keyFlags)
			if access := slices.ContainsFunc(strings.Fields(r.Flags), func(w string) bool { return slices.Contains(keyFlags[:4], w) }); !access && r.Flags != "not_key" {
				t.Errorf("%s: key flags %q without one of %v", s.Full, r.Flags, keyFlags[:4])
			}
		}
		if (s.DeprecatedSince == "") != (s.ReplacedBy == "") {
			t.Errorf("%s: deprecated since %q, replaced by %q", s.Full, s.DeprecatedSince, s.ReplacedBy)
		}
		s.ACL() // panics where a category is unknown
		if s.Has(command.Write) && s.Has(command.ReadOnly) {
			t.Errorf("%s writes and only reads", s.Full)
		}
	}
}

// The positions by which the server finds keys are those that follow from the rules that clients are told.
func TestTheRulesThatFindKeysAgreeWithThePositions(t *testing.T) {
	for _, s := range wholeTable(t).All() {
		rules := s.KeyRules()
		if s.HasKeys() != (len(rules) > 0) {
			t.Errorf("%s: keys are %v, but there are %d rules", s.Full, s.HasKeys(), len(rules))
		}
		first, last, step, movable := 0, 0, 0, false
		for i, r := range rules {
			plain := r.Index > 0 && r.Keyword == "" && !r.NumKeys
			if !plain || i > 0 && (r.Step != 1 || last != r.Index-1) {
				movable = true
				continue
			}
			movable = movable || strings.Contains(r.Flags, "incomplete")
			if first == 0 {
				first, step = r.Index, r.Step
			}
			if last = r.Last; r.Last >= 0 {
				last += r.Index
			}
		}
		if k := s.Keys; k.First != first || k.Last != last || k.Step != step || s.Has(command.MovableKeys) != movable {
			t.Errorf("%s: keys %d %d %d, movable %v; by the rules %d %d %d, %v",
				s.Full, k.First, k.Last, k.Step, s.Has(command.MovableKeys), first, last, step, movable)
		}
	}
}
