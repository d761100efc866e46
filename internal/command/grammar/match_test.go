package grammar

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

func mustParse(t testing.TB, syntax string) Grammar {
	t.Helper()
	g, err := Parse(syntax)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

const setSyntax = "key value [NX | XX] [GET] [EX seconds | PX milliseconds | KEEPTTL]"

func TestMatch(t *testing.T) {
	cases := []struct {
		syntax  string
		yes, no []string
	}{
		{setSyntax,
			[]string{"k v", "k v nx", "k v EX 10 GET XX", "k v keepttl", "k NX NX", "k v GET"},
			[]string{"k", "k v EX", "k v EX ten", "k v NX XX", "k v EX 1 PX 1", "k v EX 1 KEEPTTL", "k v GET GET", "k v w"}},
		{"key value [key value ...]", []string{"a 1", "a 1 b 2"}, []string{"", "a", "a 1 b"}},
		{"[section [section ...]]", []string{"", "a", "a b c"}, nil},
		{"numkeys key [key ...] [WEIGHTS weight [weight ...]] [LIMIT offset count]",
			[]string{"1 a", "2 a b", "2 a b LIMIT 0 1 WEIGHTS 1 2.5"}, []string{"", "a", "1", "x a"}},
		{"[GET pattern [GET pattern ...]]", []string{"", "GET a", "GET a GET b"}, []string{"GET", "GET a b", "GET a GET"}},
		{"[COUNT count [ANY]]", []string{"", "COUNT 1", "COUNT 1 ANY"}, []string{"ANY", "COUNT ANY"}},
		{"<ON | OFF>", []string{"on", "OFF"}, []string{"", "x", "ON OFF"}},
		{"<ip:port | [<ID client-id | ADDR ip:port> ...]>", []string{"1.1.1.1:5", "ID 5", "ID 5 ADDR a"}, []string{"ID x y", "ID 5 ADDR"}},
		{"[FILTERBY <MODULE module-name | PATTERN pattern>]", []string{"", "filterby module x"}, []string{"filterby", "filterby x y", "module x"}},
	}
	for _, c := range cases {
		g := mustParse(t, c.syntax)
		for _, s := range c.yes {
			if !g.Match(strings.Fields(s)) {
				t.Errorf("%q should fit %q", s, c.syntax)
			}
		}
		for _, s := range c.no {
			if g.Match(strings.Fields(s)) {
				t.Errorf("%q should not fit %q", s, c.syntax)
			}
		}
	}
}

var generated = []string{
	setSyntax, "key value [key value ...]", "[section [section ...]]", "key", "",
	"numkeys key [key ...] [WEIGHTS weight [weight ...]] [LIMIT offset count]",
	"key <FROMMEMBER member | FROMLONLAT longitude latitude> <BYRADIUS radius <M | KM> | BYBOX width height> [ASC | DESC] [COUNT count [ANY]]",
	"[protover [AUTH username password] [SETNAME clientname]]",
	"[FILTERBY <MODULE module-name | PATTERN pattern>] [GET pattern [GET pattern ...]]",
}

func TestGeneratedArgumentsFitAndViolationsDoNot(t *testing.T) {
	for seed := range uint64(20) {
		for _, s := range generated {
			g := mustParse(t, s)
			rnd := rand.New(rand.NewPCG(seed, 0))
			pick := func(a Arg) []string {
				if a.Name == "value" {
					return []string{"v", ""}
				}
				return nil
			}
			for _, words := range g.Generate(rnd, pick) {
				if !g.Match(words) {
					t.Fatalf("seed %d: %q does not fit %q", seed, words, s)
				}
			}
			for _, words := range g.Violate(rnd, pick) {
				if g.Match(words) {
					t.Fatalf("seed %d: the violation %q fits %q", seed, words, s)
				}
			}
		}
	}
}

// Every token of a grammar must come up, however deep it lies, and repetitions and other orders with it.
func TestGeneratedArgumentsCoverTheGrammar(t *testing.T) {
	for _, s := range generated {
		g := mustParse(t, s)
		var words []string
		for seed := range uint64(5) {
			for _, line := range g.Generate(rand.New(rand.NewPCG(seed, 0)), func(Arg) []string { return nil }) {
				words = append(words, line...)
			}
		}
		g.walk(func(path string, a Arg) {
			if a.Token != "" && !slices.Contains(words, a.Token) {
				t.Errorf("%q: %s of %s never comes up", s, a.Token, path)
			}
		})
	}
	long, reordered := false, false
	g := mustParse(t, setSyntax+" [TAGS tag [tag ...]]")
	for seed := range uint64(50) {
		for _, words := range g.Generate(rand.New(rand.NewPCG(seed, 0)), func(Arg) []string { return []string{"5"} }) {
			long = long || strings.Contains(strings.Join(words, " "), "TAGS 5 5")
			get, ex := slices.Index(words, "GET"), slices.Index(words, "EX")
			reordered = reordered || ex > 0 && get > ex
		}
	}
	if !long || !reordered {
		t.Errorf("repeated %v, reordered %v", long, reordered)
	}
}

func TestViolationsAreOfSeveralKinds(t *testing.T) {
	g := mustParse(t, setSyntax)
	all := map[string]bool{}
	for seed := range uint64(10) {
		for _, words := range g.Violate(rand.New(rand.NewPCG(seed, 0)), func(Arg) []string { return []string{"5"} }) {
			all[strings.Join(words, " ")] = true
		}
	}
	for _, want := range []string{"5", "5 5 surplus", "5 5 EX", "5 5 EX 1x", "5 5 NX NX", "5 5 EXx 5"} {
		if !all[want] {
			t.Errorf("%q is missing", want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range generated {
		f.Add(s)
	}
	f.Add("mode:<YES | NO> [a ...]")
	f.Fuzz(func(t *testing.T, s string) {
		g, err := Parse(s)
		if err != nil {
			return
		}
		text := g.String()
		again, err := Parse(text)
		if err != nil {
			t.Fatalf("%q gives %q: %v", s, text, err)
		}
		least, most := g.Len()
		if l, m := again.Len(); l != least || m != most {
			t.Fatalf("%q takes %d to %d words, %q %d to %d", s, least, most, text, l, m)
		}
	})
}
