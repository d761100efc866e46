package lint

import (
	"slices"
	"sort"
	"strings"

	"github.com/curfewkv/curfew/ttllint/rule"
)

// program is a file of Python or JavaScript, taken apart as far as the rules need it.
type program struct {
	*tokens
	lang    *language
	blocks  []*block
	starts  []int // offsets of the lines
	set     map[string][]assignment
	clients map[string]bool   // names, with dots, that are clients or pipelines
	own     map[string]string // names of clients whose class has commands of its own: the class
	classes map[string][]string
	redis   bool         // the file imports a Redis library
	queued  map[pipe]any // see pipes
	budget  int          // how many tokens of a key may still be looked at
}

// assignment is what a name is set to at one place.
type assignment struct {
	at, from, to int // indices of the name and of the expression
}

// language is what differs between Python and JavaScript.
type language struct {
	name    string
	read    func(string) *tokens
	blocks  func(*tokens) []*block
	imports func(*program) bool
}

// reach bounds how many tokens of one expression are looked at, brackets with what is in them counted once where they
// can be stepped over. People write less; generated files must not take forever.
const reach = 400

func newProgram(lang *language, src string) *program {
	p := &program{
		tokens: lang.read(src), lang: lang, set: map[string][]assignment{}, clients: map[string]bool{}, own: map[string]string{},
		classes: map[string][]string{}, starts: []int{0},
	}
	for i := range len(src) {
		if src[i] == '\n' {
			p.starts = append(p.starts, i+1)
		}
	}
	p.blocks = lang.blocks(p.tokens)
	p.redis = lang.imports(p)
	p.findAssignments()
	p.findClasses()
	p.findClients()
	return p
}

// position is a line and a column, from 1, of an offset.
func (p *program) position(offset int) (line, column int) {
	line = sort.SearchInts(p.starts, offset+1)
	return line, offset - p.starts[line-1] + 1
}

// at is a token, or an empty one outside of the file.
func (p *program) at(i int) token {
	if i < 0 || i >= len(p.list) {
		return token{kind: line}
	}
	return p.list[i]
}

// dotted is the name with dots that ends at index i, and where it begins: "self.r".
func (p *program) dotted(i int) (string, int) {
	if p.at(i).kind != name {
		return "", i
	}
	path := p.at(i).text
	for p.at(i-1).in(".", "?.") && p.at(i-2).kind == name {
		i -= 2
		path = p.at(i).text + "." + path
	}
	return path, i
}

// findAssignments collects name = expression, with dots in the name and a type after it.
func (p *program) findAssignments() {
	for i, tok := range p.list {
		if !tok.in("=", ":=") || tok.kind != punct {
			continue
		}
		target := i - 1
		if j := p.typeBefore(i); j >= 0 {
			target = j
		}
		path, from := p.dotted(target)
		if path == "" || p.inCall(from) {
			continue
		}
		p.set[path] = append(p.set[path], assignment{from, i + 1, p.expressionEnd(i + 1)})
	}
	// An import binds a name to something else than a client.
	for i, tok := range p.list {
		if tok.is("import") && p.lang == python {
			p.pythonImport(i)
		}
	}
}

// typeBefore is the index of the name in "name: Type =", or -1.
func (p *program) typeBefore(i int) int {
	for j := i - 1; j > 0 && j > i-16; j-- {
		tok := p.list[j]
		switch {
		case tok.is(":") && p.at(j-1).kind == name:
			return j - 1
		case tok.kind != name && !tok.in(".", "[", "]", "<", ">", "|", ",", "?") && tok.kind != text:
			return -1
		}
	}
	return -1
}

// inCall reports whether a token is inside the parentheses of a call, where = names an argument and not a variable.
func (p *program) inCall(i int) bool {
	if p.lang != python {
		return false
	}
	for j, n := i-1, 0; j >= 0 && p.list[j].kind != line && n < reach; j, n = j-1, n+1 {
		switch {
		case p.list[j].in(")", "]", "}") && p.partner[j] >= 0:
			j = p.partner[j]
		case p.list[j].in("(", "["):
			return true
		}
	}
	return false
}

// expressionEnd is the index after the expression that begins at i.
func (p *program) expressionEnd(i int) int {
	for n := 0; i < len(p.list) && n < reach; i, n = i+1, n+1 {
		tok := p.list[i]
		switch {
		case tok.in("(", "[", "{") && p.partner[i] > i:
			i = p.partner[i]
		case tok.kind == line || tok.in(";", ",", ")", "]", "}"):
			return i
		case p.lang != python && i > 0 && p.newLine(i) && !continues(p.list[i-1], tok):
			return i
		}
	}
	return i
}

// newLine reports whether a token is the first of its line.
func (p *program) newLine(i int) bool {
	a, _ := p.position(p.list[i-1].end)
	b, _ := p.position(p.list[i].offset)
	return b > a
}

// continues reports whether a script's expression goes on from one token at the end of a line to the next.
func continues(before, next token) bool {
	return next.in(".", "?.", "+", "-", "*", "/", "?", ":", "&&", "||", "??") ||
		before.kind == punct && !before.in(")", "]", "}") || before.in("await", "new", "return")
}

// split cuts the tokens between two indices at commas outside of brackets.
func (p *program) split(from, to int) [][2]int {
	var parts [][2]int
	start := from
	for i := from; i < to; i++ {
		switch {
		case p.list[i].in("(", "[", "{") && p.partner[i] > i && p.partner[i] < to:
			i = p.partner[i]
		case p.list[i].is(","):
			parts = append(parts, [2]int{start, i})
			start = i + 1
		}
	}
	for start < to && p.list[start].kind == line {
		start++
	}
	if start < to {
		parts = append(parts, [2]int{start, to})
	}
	return parts
}

// only is the expression of a name that is set once in the outermost function around a token, or once in the file.
func (p *program) only(path string, at int) (from, to int, ok bool) {
	var inside, outside []assignment
	if len(p.set[path]) > reach {
		return 0, 0, false
	}
	root := p.blocks[min(at, len(p.blocks)-1)].root()
	for _, a := range p.set[path] {
		switch p.blocks[a.at].root() {
		case root:
			inside = append(inside, a)
		case nil:
			outside = append(outside, a)
		}
	}
	if len(inside) == 0 {
		inside = outside
	}
	if len(inside) != 1 {
		return 0, 0, false
	}
	return inside[0].from, inside[0].to, true
}

// key is the key that an expression makes.
func (p *program) key(from, to int) rule.Key {
	p.budget = reach
	return rule.NewKey(p.parts(from, to, 4)...)
}

func (p *program) parts(from, to, depth int) []rule.Part {
	var parts []rule.Part
	if p.budget -= to - from; p.budget < 0 {
		return []rule.Part{{Text: "..."}}
	}
	start := from
	for i := from; i <= to; i++ {
		if i < to && p.list[i].in("(", "[", "{") && p.partner[i] > i {
			i = min(p.partner[i], to-1)
			continue
		}
		if i < to && !(p.list[i].is("+") && i > start) {
			continue
		}
		parts = append(parts, p.term(start, i, depth)...)
		start = i + 1
	}
	return parts
}

// term is one summand of a key.
func (p *program) term(from, to, depth int) []rule.Part {
	for from < to && p.list[from].kind == line {
		from++
	}
	if from >= to {
		return nil
	}
	if to == from+1 {
		tok := p.list[from]
		if tok.kind == text {
			return tok.parts
		}
		if a, b, ok := p.only(tok.text, from); ok && tok.kind == name && depth > 0 {
			parts := p.parts(a, b, depth-1)
			if slices.ContainsFunc(parts, func(p rule.Part) bool { return p.Constant }) {
				return parts
			}
		}
	}
	// Strings side by side are one string in Python.
	if all := p.list[from:to]; !slices.ContainsFunc(all, func(t token) bool { return t.kind != text && t.kind != line }) {
		var parts []rule.Part
		for _, t := range all {
			parts = append(parts, t.parts...)
		}
		return parts
	}
	if parts := p.percent(from, to, depth); parts != nil {
		return parts
	}
	return []rule.Part{{Text: p.source(from, to)}}
}

// percent takes Python's "a:%s" % x and "a:{}".format(x) apart: the text before what is put in.
func (p *program) percent(from, to, depth int) []rule.Part {
	format, ok := p.list[from].constant()
	if !ok || p.lang != python || !(p.at(from+1).is("%") || (p.at(from+1).is(".") && p.at(from+2).is("format"))) {
		return nil
	}
	mark, args := "%", [][2]int{{from + 2, to}}
	if p.at(from + 2).is("(") {
		args = p.split(from+3, to-1)
	}
	if p.at(from + 1).is(".") {
		mark, args = "{", p.split(from+4, to-1)
	}
	var parts []rule.Part
	for n := 0; ; n++ {
		literal, rest, found := strings.Cut(format, mark)
		if literal != "" {
			parts = append(parts, rule.Part{Text: literal, Constant: true})
		}
		if !found {
			return parts
		}
		end := strings.IndexAny(rest, "sdrfxi}")
		if n >= len(args) || end < 0 || (mark == "{" && end > 0) {
			return nil
		}
		parts = append(parts, p.parts(args[n][0], args[n][1], depth-1)...)
		format = rest[end+1:]
	}
}
