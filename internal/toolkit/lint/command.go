package lint

import (
	"slices"
	"strings"

	"github.com/curfewkv/curfew/ttllint/rule"
)

// command is a call of a client in a program.
type command struct {
	op       rule.Operation
	from, to int // offsets in the file
	mistakes []mistake
	root     *block
}

// mistake is a finding about the arguments of one command.
type mistake struct {
	code rule.Code
	what string
}

// argument is one argument of a call.
type argument struct {
	name     string // of a keyword argument
	from, to int    // its tokens
	spread   bool   // * or ...
}

// fewest is how many arguments a command has at least: other things have methods of the same names.
var fewest = map[string]int{
	"SET": 2, "SETNX": 2, "GETSET": 2, "APPEND": 2, "SETRANGE": 3, "SETBIT": 3, "HSET": 2, "HMSET": 2, "HSETNX": 3, "HINCRBY": 2, "SADD": 2, "LPUSH": 2,
	"RPUSH": 2, "ZADD": 2, "ZINCRBY": 3, "EXPIRE": 2, "PEXPIRE": 2, "EXPIREAT": 2, "PEXPIREAT": 2, "SETEX": 3, "PSETEX": 3, "RESTORE": 3,
	"KEYS": 1, "PERSIST": 1, "GET": 1, "GETEX": 1, "MSET": 1, "MSETNX": 1, "INCR": 1, "DECR": 1,
}

// commands finds what a program does with Redis, in the order in which it does.
func (p *program) commands() []command {
	var found []command
	for i, tok := range p.list {
		if tok.kind != name || !p.at(i-1).in(".", "?.") || !p.at(i+1).is("(") || p.partner[i+1] < 0 {
			continue
		}
		if c, ok := p.command(i); ok {
			found = append(found, c)
		}
	}
	slices.SortStableFunc(found, func(a, b command) int { return a.to - b.to })
	return found
}

// command reads the call of a method whose name is at an index.
func (p *program) command(i int) (command, bool) {
	open, end := i+1, p.partner[i+1]
	r, ok := p.receiver(i - 2)
	if !ok || !p.isClient(r.path) || slices.Contains(p.classes[lastOf(p.own[r.path])], strings.ToLower(p.list[i].text)) {
		return command{}, false
	}
	args := p.arguments(open+1, end)
	method := strings.ToUpper(p.list[i].text)
	op, args, ok := p.operation(method, args)
	if !ok || (len(args) < fewest[op.Command] && !slices.ContainsFunc(args, func(a argument) bool { return a.spread })) {
		// redis-py lists every key when KEYS has no pattern.
		if !(ok && op.Command == "KEYS" && p.lang == python && p.clients[r.path]) {
			return command{}, false
		}
	}
	c := command{op: op, from: p.list[r.start].offset, to: p.list[end].end, root: p.blocks[i].root()}
	c.op.Line, _ = p.position(p.list[end].offset)
	c.op.Path = p.blocks[i].path()
	c.op.Atomic = r.queue
	c.mistakes = p.deadlines(op.Command, args)
	return c, true
}

// receiver is what a method is called on.
type receiver struct {
	path  string // with () when it is the result of a call
	start int    // index of its first token
	queue any    // the transaction that it is
}

// receiver reads backwards from the last token of what a method is called on, over methods that return the same client.
func (p *program) receiver(last int) (receiver, bool) {
	r := receiver{}
	for i := last; i >= 0; {
		tok := p.list[i]
		switch {
		case tok.is("!"):
			i--
		case tok.kind == name:
			r.path, r.start = p.dotted(i)
			if r.queue == nil {
				r.queue = p.pipes()[pipe{r.path, p.blocks[i].root()}]
			}
			return r, true
		case tok.is(")") && p.partner[i] > 0 && p.at(p.partner[i]-1).kind == name && !p.at(p.partner[i]-1).in("return", "await", "if", "and", "or", "not", "in"):
			k := p.partner[i] - 1
			method := strings.ToLower(p.list[k].text)
			queues := slices.Contains(queues, method)
			if _, known := rule.Parse(method, nil); !p.at(k-1).in(".", "?.") || !(queues || known) {
				r.path, r.start = p.dotted(k)
				r.path += "()"
				return r, true
			}
			if queues && r.queue == nil {
				r.queue = p.queue(k)
			}
			i = k - 2
		case tok.is(")") && p.partner[i] >= 0: // (await client)
			i--
		default:
			return r, false
		}
	}
	return r, false
}

func (p *program) arguments(from, to int) []argument {
	var args []argument
	for _, part := range p.split(from, to) {
		a := argument{from: part[0], to: part[1]}
		for a.from < a.to && p.list[a.from].kind == line {
			a.from++
		}
		if a.from >= a.to {
			continue
		}
		switch first := p.list[a.from]; {
		case first.in("*", "**", "..."):
			a.spread = true
		case p.lang == python && first.kind == name && p.at(a.from+1).is("="):
			a.name = strings.ToLower(first.text)
			a.from += 2
		}
		args = append(args, a)
	}
	return args
}

// operation is what a method with its arguments does; the arguments come back in the order of the command.
func (p *program) operation(method string, args []argument) (rule.Operation, []argument, bool) {
	switch method {
	case "EXECUTE_COMMAND", "CALL": // redis-py, ioredis
		if len(args) == 0 {
			return rule.Operation{}, nil, false
		}
		name, ok := p.list[args[0].from].constant()
		if !ok {
			return rule.Operation{}, nil, false
		}
		op, ok := rule.Parse(name, p.words(args[1:]))
		return op, args[1:], ok
	case "SENDCOMMAND": // node-redis, with an array
		if len(args) != 1 || !p.list[args[0].from].is("[") || args[0].to-args[0].from < 3 {
			return rule.Operation{}, nil, false
		}
		return p.operation("CALL", p.arguments(args[0].from+1, args[0].to-1))
	}
	var words []rule.Arg
	if p.lang == python {
		words, args = p.pythonWords(method, args)
	} else {
		words = p.words(args)
	}
	op, ok := rule.Parse(method, words)
	return op, args, ok
}

// words are the arguments as Redis gets them, with objects of options as words.
func (p *program) words(args []argument) []rule.Arg {
	var words []rule.Arg
	for n, a := range args {
		switch first := p.list[a.from]; {
		case a.spread:
			words = append(words, rule.Arg{Rest: true})
		case first.in("[", "{") && n == 0: // the pairs of MSET
			words = append(words, p.pairs(a)...)
		case first.is("{") && n >= 2:
			words = append(words, p.options(a)...)
		case n >= 2 && p.callback(a):
		default:
			words = append(words, p.word(a))
		}
	}
	return words
}

func (p *program) word(a argument) rule.Arg {
	w := rule.Arg{Key: p.key(a.from, a.to)}
	if a.to == a.from+1 {
		switch tok := p.list[a.from]; tok.kind {
		case text:
			w.Text, w.Constant = tok.constant()
		case number:
			w.Text, w.Constant = tok.text, true
		}
	}
	return w
}

// callback reports whether an argument is a function, which takes the reply.
func (p *program) callback(a argument) bool {
	for i := a.from; i < a.to; i++ {
		if p.list[i].in("=>", "function") {
			return true
		}
		if p.list[i].in("(", "{", "[") && p.partner[i] > i {
			i = p.partner[i]
		}
	}
	return p.list[a.from].in("cb", "callback", "done")
}

// options are the names in an object such as {EX: 60, NX: true}. In node-redis {expiration: {type: 'EX', value: 60}}
// holds the words inside.
func (p *program) options(a argument) []rule.Arg {
	var words []rule.Arg
	for _, part := range p.split(a.from+1, a.to-1) {
		first := p.list[part[0]]
		value := p.at(part[0] + 2)
		switch {
		case first.is("..."):
			words = append(words, rule.Arg{Rest: true})
		case part[1] == part[0]+3 && value.in("undefined", "null", "false"):
		case first.is("expiration"):
			words = append(words, rule.Arg{Text: "EX", Constant: true})
		default:
			words = append(words, rule.Arg{Text: strings.ToUpper(first.text), Constant: true})
		}
	}
	return words
}

// pairs are the keys and values of an object or of arrays, as MSET takes them.
func (p *program) pairs(a argument) []rule.Arg {
	unknown := []rule.Arg{{Rest: true}}
	if a.to-a.from < 3 || p.partner[a.from] != a.to-1 {
		return unknown
	}
	var words []rule.Arg
	for _, part := range p.split(a.from+1, a.to-1) {
		first := p.list[part[0]]
		switch {
		case first.kind == text && p.at(part[0]+1).is(":"), p.lang != python && first.kind == name && p.at(part[0]+1).is(":"):
			k := rule.NewKey(first.parts...)
			if first.kind == name {
				k = rule.NewKey(rule.Part{Text: first.text, Constant: true})
			}
			words = append(words, rule.Arg{Key: k}, rule.Arg{})
		case first.is("[") && p.partner[part[0]] == part[1]-1:
			inner := p.split(part[0]+1, part[1]-1)
			if len(inner) != 2 {
				return unknown
			}
			words = append(words, rule.Arg{Key: p.key(inner[0][0], inner[0][1])}, rule.Arg{})
		default:
			return unknown
		}
	}
	return words
}
