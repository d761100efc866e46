package grammar

import (
	"reflect"
	"strings"
	"testing"
)

// show writes the structure on one line: name:type, the token before it, ? optional, * multiple, ** with its token.
func show(args []Arg) string {
	parts := make([]string, len(args))
	for i, a := range args {
		s := ""
		if a.Token != "" {
			s = a.Token + " "
		}
		s += a.Name + ":" + string(a.Type)
		if len(a.Args) > 0 {
			s += "(" + show(a.Args) + ")"
		}
		if a.Optional {
			s += "?"
		}
		if a.Multiple {
			s += "*"
		}
		if a.MultipleToken {
			s += "*"
		}
		parts[i] = s
	}
	return strings.Join(parts, ", ")
}

func TestSyntaxHasTheStructureThatRedisGivesIt(t *testing.T) {
	cases := []struct{ syntax, want string }{
		{"", ""},
		{"key value", "key:key, value:string"},
		{"key [key ...]", "key:key*"},
		{"key value [key value ...]", "data:block(key:key, value:string)*"},
		{"[section [section ...]]", "section:string?*"},
		{"[section ...]", "section:string?*"},
		{"key offset value:integer", "key:key, offset:integer, value:integer"},
		{"key1:key key2:key [LEN]", "key1:key, key2:key, LEN len:pure-token?"},
		{"cursor [MATCH pattern] [COUNT count] [TYPE type]",
			"cursor:integer, MATCH pattern:pattern?, COUNT count:integer?, TYPE type:string?"},
		{"key value [NX | XX] [GET] [EX seconds | PX milliseconds | EXAT unix-time-seconds | KEEPTTL]",
			"key:key, value:string, condition:oneof(NX nx:pure-token, XX xx:pure-token)?, GET get:pure-token?, " +
				"expiration:oneof(EX seconds:integer, PX milliseconds:integer, EXAT unix-time-seconds:unix-time, KEEPTTL keepttl:pure-token)?"},
		{"[ASYNC | SYNC]", "flush-type:oneof(ASYNC async:pure-token, SYNC sync:pure-token)?"},
		{"mode:<YES | NO>", "mode:oneof(YES yes:pure-token, NO no:pure-token)"},
		{"<ON | OFF | SKIP>", "on-or-off-or-skip:oneof(ON on:pure-token, OFF off:pure-token, SKIP skip:pure-token)"},
		{"[FILTERBY <MODULE module-name | ACLCAT category | PATTERN pattern>]",
			"FILTERBY filterby:oneof(MODULE module-name:string, ACLCAT category:string, PATTERN pattern:pattern)?"},
		{"ip:port", "ip:port:string"},
		{"IP:PORT", "ip:port:string"},
		{"<ip:port | [<ID client-id | ADDR ip:port> ...]>", "ip:port-or-client-id-or-ip:port:oneof(ip:port:string, " +
			"client-id-or-ip:port:oneof(ID client-id:integer, ADDR ip:port:string)?*)"},
		{"filter:<old-format | new-format:<ID client-id | SKIPME <YES | NO>> ...>", "filter:oneof(old-format:string, " +
			"new-format:oneof(ID client-id:integer, SKIPME skipme:oneof(YES yes:pure-token, NO no:pure-token))*)"},
		{"TYPE <A | B> ... [KEEP]", "TYPE type:oneof(A a:pure-token, B b:pure-token)*, KEEP keep:pure-token?"},
		{"[LIMIT offset count]", "LIMIT limit:block(offset:integer, count:integer)?"},
		{"[COUNT count [ANY]]", "count-block:block(COUNT count:integer, ANY any:pure-token?)?"},
		{"[GET pattern [GET pattern ...]]", "GET pattern:pattern?**"},
		{"numkeys key [key ...] [WEIGHTS weight [weight ...]]", "numkeys:integer, key:key*, WEIGHTS weight:double?*"},
		{"[protover [AUTH username password] [SETNAME clientname]]",
			"protover-block:block(protover:integer, AUTH auth:block(username:string, password:string)?, SETNAME clientname:string?)?"},
		{"arguments:[protover [SETNAME clientname]]", "arguments:block(protover:integer, SETNAME clientname:string?)?"},
		{"GROUP group consumer [NOACK] STREAMS key [key ...] id [id ...]",
			"GROUP group:block(group:string, consumer:string), NOACK noack:pure-token?, STREAMS streams:block(key:key*, id:string*)"},
		{"<MAXLEN | MINID> [= | ~] threshold", "maxlen-or-minid:oneof(MAXLEN maxlen:pure-token, MINID minid:pure-token), " +
			"=-or-~:oneof(= =:pure-token, ~ ~:pure-token)?, threshold:string"},
		{`host port <key | ""> destination-db`, `host:string, port:integer, key-or-"":oneof(key:key, "" "":pure-token), destination-db:integer`},
	}
	for _, c := range cases {
		g, err := Parse(c.syntax)
		if err != nil {
			t.Error(err)
			continue
		}
		if got := show(g.Args); got != c.want {
			t.Errorf("%q\n got %s\nwant %s", c.syntax, got, c.want)
		}
	}
}

func TestWhatIsNoSyntaxIsRefused(t *testing.T) {
	for _, s := range []string{
		"key [", "key ]", "[NX | XX", "<NX | XX]", "[]", "key | value", "[key ...", "key ...", "Key", "[a ... b]", "<key ...>", "mode: key", "mode:", "[| NX]", "...", "<ip:port | [ID client-id] ...>",
	} {
		if g, err := Parse(s); err == nil {
			t.Errorf("%q gives %s", s, show(g.Args))
		}
	}
}

// withoutNames drops what the manual's form does not show.
func withoutNames(args []Arg) []Arg {
	out := make([]Arg, len(args))
	for i, a := range args {
		if a.Args != nil {
			a.Name = ""
		} else if a.Type != PureToken {
			a.Type = ""
		}
		if a.Args = withoutNames(a.Args); len(a.Args) == 0 {
			a.Args = nil
		}
		out[i] = a
	}
	return out
}

func TestTheTextOfAGrammarHasItsStructure(t *testing.T) {
	for _, s := range []string{
		"key value [NX | XX] [GET] [EX seconds | PX milliseconds | KEEPTTL]",
		"key value [key value ...]",
		"key offset:integer value:integer",
		"[section [section ...]]",
		"mode:<YES | NO>",
		"[FILTERBY <MODULE module-name | ACLCAT category>]",
		"[LIMIT offset count] [GET pattern [GET pattern ...]]",
		"numkeys key [key ...] [WEIGHTS weight [weight ...]]",
		"arguments:[protover [AUTH username password]]",
		"<ip:port | [<ID client-id | ADDR ip:port> [<ID client-id | ADDR ip:port> ...]]>",
		"<MAXLEN | MINID> [= | ~] threshold", "<ip:port | <ID client-id | SKIPME <YES | NO>> ...>", "TYPE <A | B> ... [KEEP]",
		"GROUP group consumer STREAMS key [key ...] id [id ...]",
		"[[ID client-id] [TYPE <NORMAL | PUBSUB>] ...]",
	} {
		g, err := Parse(s)
		if err != nil {
			t.Error(err)
			continue
		}
		again, err := Parse(g.String())
		if err != nil {
			t.Errorf("%q gives %q: %v", s, g, err)
			continue
		}
		if !reflect.DeepEqual(withoutNames(again.Args), withoutNames(g.Args)) {
			t.Errorf("%q gives %q\n%s\n%s", s, g, show(g.Args), show(again.Args))
		}
		if again.String() != g.String() {
			t.Errorf("%q, then %q", g, again)
		}
	}
}

func TestLengths(t *testing.T) {
	for _, c := range []struct {
		syntax      string
		least, most int
	}{
		{"", 0, 0}, {"key value", 2, 2}, {"key [key ...]", 1, Unbounded}, {"key value [key value ...]", 2, Unbounded},
		{"key [NX | XX] [EX seconds | KEEPTTL]", 1, 4}, {"<ID id | ALL>", 1, 2}, {"[LIMIT offset count]", 0, 3},
		{"[protover [AUTH username password]]", 0, 4}, {"<a | b [b ...]>", 1, Unbounded}, {"<b [b ...] | a>", 1, Unbounded},
		{"GROUP group consumer", 3, 3},
	} {
		g, err := Parse(c.syntax)
		if err != nil {
			t.Error(err)
			continue
		}
		if least, most := g.Len(); least != c.least || most != c.most {
			t.Errorf("%q: %d to %d words, want %d to %d", c.syntax, least, most, c.least, c.most)
		}
	}
}
