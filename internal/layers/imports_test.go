package layers

import (
	"path"
	"slices"
	"strings"
	"testing"
)

// layer is a row of the diagram in docs/architecture.md: packages that may import those of the rows below, but not each other.
type layer struct {
	packages []string // folders; a last element of * stands for every folder in there
	why      string   // nothing in a lower row imports these, because
}

// layers from the top down.
var layers = []layer{
	{[]string{"cmd/*"}, "a program is where parts are put together; nothing can use a program"},
	{[]string{"internal/server"}, "sockets and the process are around a node: what is inside serves any transport, and tests without one"},
	{[]string{"internal/loop"}, "what moves bytes knows what they are moved to; nothing below knows how they came"},
	{[]string{"internal/node"}, "the wiring knows every part, so a part that knew the wiring would know them all"},
	{[]string{"internal/dispatch"}, "gates and locks are around a command: what is inside must not see them"},
	{
		[]string{"internal/command/*"},
		"a family of commands can be added and taken away by one word in a list; families that shared code would be one family",
	},
	{[]string{"internal/command"}, "services and keys do not know that commands exist: they serve any caller"},
	{
		[]string{"internal/pubsub", "internal/watch", "internal/tracking", "internal/monitor", "internal/slowlog", "internal/latency"},
		"services act on change records and sessions; each can be taken away without the others noticing",
	},
	{[]string{"internal/session"}, "keys do not belong to a client: the keyspace serves sessions, the expiry and the eviction alike"},
	{[]string{"internal/keyspace"}, "what keys are made of does not know what they are"},
	{[]string{"internal/journal"}, "memory, deadlines and policies emit no records; only the keyspace's transaction does"},
	{[]string{"internal/blob"}, "a shard's memory does not know what all shards share"},
	{[]string{"internal/store", "internal/expiry", "internal/eviction"}, "pure parts: each is tested alone, against a model"},
	{[]string{"internal/config", "internal/metrics"}, "a key or a figure belongs to its owner: the registry must not know the owners"},
	{[]string{"resp"}, "the wire format is a library of its own, for clients and tools as well"},
	{
		[]string{"internal/clock", "internal/release", "resp/glob", "resp/number", "internal/command/grammar"},
		"the rules of time, patterns and numbers depend on nothing",
	},
}

// toolkitParts are what every tool may use.
var toolkitParts = []string{"internal/toolkit/connect", "internal/toolkit/output", "internal/toolkit/quantity", "internal/toolkit/statefile", "internal/toolkit/walk", "lifetime"}

const toolkitWhy = "a tool works with any Redis: it knows the connection and the ways to walk and show, and nothing of the server"

// alone are packages with a rule of their own: they import of the module what is listed, and nothing else.
var alone = map[string]struct {
	allowed []string
	why     string
}{
	"resp":              {[]string{"resp/number"}, "resp is public; all that it may drag along is how Redis reads numbers"},
	"internal/store":    {nil, "memory is pure: time, keys and policies are the keyspace's"},
	"internal/blob":     {[]string{"internal/store"}, "memory is pure: which keys share a value is the keyspace's"},
	"internal/expiry":   {nil, "what is due at t is pure: time is an argument"},
	"internal/eviction": {nil, "policies are pure: no keys, locks or clocks"},
	"internal/journal":  {[]string{"internal/clock", "resp"}, "a record is plain data that consumers of any layer read"},
	"resp/glob":         {nil, "a pattern is matched without knowing against what"},
	"resp/number":       {nil, "numbers are at the bottom"},
	"internal/clock":    {nil, "time is at the bottom"},
	"internal/metrics":  {nil, "a figure is declared by its owner and read by whoever shows it"},
	"internal/session":  {[]string{"resp"}, "a session is bytes in and bytes out"},
	"internal/bench":    {[]string{"resp"}, "a benchmark sees a server as its clients do, so that it can measure any server"},
	"internal/trace":    {nil, "traces are files; no server is needed to read them"},
	"internal/trace/replay": {
		[]string{"internal/trace"}, "a replay sees a server as its clients do, so that it can measure any server",
	},

	// The toolkit works with any Redis: it imports nothing of the server.
	"lifetime":                   {nil, "lifetime is public, and for any Redis: it drags nothing of this project along"},
	"lifetime/lifetimeotel":      {[]string{"lifetime"}, "an adapter knows the two that it joins"},
	"lifetime/lifetimeprom":      {[]string{"lifetime"}, "an adapter knows the two that it joins"},
	"ttllint":                    {[]string{"ttllint/rule"}, "the analyzer is public, and runs inside other linters"},
	"ttllint/rule":               {[]string{"resp/glob"}, "the rules know no language"},
	"ttllint/plugin":             {[]string{"ttllint"}, "a plugin is the analyzer in another linter's form"},
	"ttllint/cmd/ttllint":        {[]string{"ttllint"}, "the program is the analyzer under go vet"},
	"internal/rdb":               {nil, "a file is read without a server"},
	"internal/toolkit/connect":   {nil, "how to reach servers is the bottom of the toolkit"},
	"internal/toolkit/output":    {nil, "how results are shown does not depend on what they are"},
	"internal/toolkit/quantity":  {nil, "how an amount is written does not depend on of what"},
	"internal/toolkit/statefile": {nil, "how a state is kept does not depend on what it is"},
	"internal/toolkit/prefix":    {[]string{"resp/glob"}, "prefixes are found in any list of keys"},
	"internal/toolkit/walk":      {[]string{"internal/toolkit/connect"}, toolkitWhy},
	"internal/toolkit/lint":      {[]string{"internal/toolkit/output", "ttllint", "ttllint/rule"}, toolkitWhy},
	"internal/toolkit/audit":     {append(toolkitParts, "resp/glob", "internal/rdb", "internal/toolkit/prefix"), toolkitWhy},
	"internal/toolkit/sweep":     {append(toolkitParts, "resp/glob"), toolkitWhy},
	"internal/toolkit/fix":       {append(toolkitParts, "internal/toolkit/sweep"), toolkitWhy},
	"internal/toolkit/purge":     {append(toolkitParts, "internal/toolkit/sweep"), toolkitWhy},
	"internal/toolkit/skew":      {toolkitParts, toolkitWhy},
	"internal/toolkit/reading":   {append(toolkitParts, "internal/toolkit/prefix", "internal/toolkit/skew"), toolkitWhy},
	"internal/toolkit/exporter":  {append(toolkitParts, "internal/toolkit/reading", "internal/toolkit/skew"), toolkitWhy},
	"internal/toolkit/watch":     {append(toolkitParts, "internal/toolkit/reading", "internal/toolkit/skew"), toolkitWhy},
	"internal/toolkit/advise":    {append(toolkitParts, "resp/glob", "internal/toolkit/audit", "internal/toolkit/prefix"), toolkitWhy},
	"internal/toolkit/leak":      {append(toolkitParts, "internal/toolkit/audit", "internal/toolkit/fix", "internal/toolkit/sweep", "internal/toolkit/watch"), toolkitWhy},
}

// support are packages that help tests. They may import anything, and only tests and their like import them.
var support = []string{"internal/command/commandtest", "internal/session/sessiontest", "internal/node/nodetest", "resp/resptest", "internal/toolkit/sweep/sweeptest", "test/*", "internal/layers"}

func matches(pattern, pkg string) bool {
	if dir, ok := strings.CutSuffix(pattern, "/*"); ok {
		return strings.HasPrefix(pkg, dir+"/")
	}
	return pattern == pkg
}

func matchesAny(patterns []string, pkg string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return matches(p, pkg) })
}

// rank is the row of a package, the lowest that names it; -1: it is in none.
func rank(pkg string) int {
	for i := len(layers) - 1; i >= 0; i-- {
		if slices.Contains(layers[i].packages, pkg) {
			return i
		}
	}
	return slices.IndexFunc(layers, func(l layer) bool { return matchesAny(l.packages, pkg) })
}

// forbidden is the reason why one package must not import another, "" when it may.
func forbidden(from, to string) string {
	if rule, ok := alone[from]; ok {
		if slices.Contains(rule.allowed, to) {
			return ""
		}
		return rule.why
	}
	if matchesAny(support, to) {
		return to + " is for tests only"
	}
	at, below := rank(from), rank(to)
	switch {
	case from == "cmd/curfew":
		return "" // puts together the server and the tools
	case below < 0:
		return to + " is a tool: the server does without it"
	case below == at:
		return "packages of one layer do not import each other: " + layers[below].why
	case below < at:
		return "imports point down: " + layers[below].why
	}
	return ""
}

func TestImportsPointDown(t *testing.T) {
	for _, s := range sources(t) {
		if s.test || matchesAny(support, s.pkg) {
			continue
		}
		if _, ok := alone[s.pkg]; !ok && rank(s.pkg) < 0 {
			t.Errorf("%s: %s has no place in the layers; give it one here and in docs/architecture.md", s.name, s.pkg)
			continue
		}
		for _, to := range s.internal() {
			if why := forbidden(s.pkg, to); why != "" {
				t.Errorf("%s imports %s: %s", s.name, to, why)
			}
		}
	}
}

// Each forbidden import must be found, or the rules above are empty.
func TestForbiddenImportsAreFound(t *testing.T) {
	for _, c := range []struct {
		from, to string
		ok       bool
	}{
		{"internal/server", "internal/dispatch", true},
		{"internal/server", "internal/node", true},
		{"internal/server", "internal/loop", true},
		{"internal/loop", "internal/dispatch", true},
		{"internal/node", "internal/loop", false},
		{"internal/node", "internal/server", false},
		{"internal/dispatch", "internal/node", false},
		{"internal/dispatch", "internal/server", false},
		{"internal/keyspace", "internal/store", true},
		{"internal/store", "internal/keyspace", false},
		{"internal/store", "internal/clock", false},
		{"internal/blob", "internal/store", true},
		{"internal/store", "internal/blob", false},
		{"internal/command/keycmd", "internal/command/stringcmd", false},
		{"internal/command/keycmd", "internal/command", true},
		{"internal/command", "internal/command/keycmd", false},
		{"internal/command/infocmd", "internal/command/grammar", true},
		{"internal/pubsub", "internal/watch", false},
		{"internal/watch", "internal/keyspace", true},
		{"internal/keyspace", "internal/session", false},
		{"resp", "resp/number", true},
		{"resp", "internal/session", false},
		{"internal/bench", "resp", true},
		{"internal/bench", "internal/server", false},
		{"internal/trace/replay", "internal/keyspace", false},
		{"internal/server", "internal/bench", false},
		{"cmd/curfew", "internal/bench", true},
		{"internal/dispatch", "internal/command/commandtest", false},
	} {
		if why := forbidden(c.from, c.to); (why == "") != c.ok {
			t.Errorf("%s importing %s: allowed is %v, want %v (%s)", c.from, c.to, why == "", c.ok, why)
		}
	}
}

func TestEveryPackageSaysWhatItIs(t *testing.T) {
	documented, seen := map[string]bool{}, map[string]bool{}
	for _, s := range sources(t) {
		if s.test {
			continue
		}
		seen[s.pkg] = true
		if s.file.Doc != nil && (path.Base(s.name) == "doc.go" || s.file.Name.Name == "main") {
			documented[s.pkg] = true
		}
	}
	for pkg := range seen {
		if !documented[pkg] {
			t.Errorf("%s has no doc.go that says what the package is, what it is not and who may call it", pkg)
		}
	}
}
