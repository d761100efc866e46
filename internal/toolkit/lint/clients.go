package lint

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
)

var (
	// certain are names that nobody gives to anything but a client.
	certain = regexp.MustCompile(`(?i)^_*(\w*_)?(redis|valkey)(_?(client|conn|connection|db|cluster|cli))?$|^[a-z]\w*(Redis|Valkey)(Client|Conn|Connection|DB|Cluster)?$`)
	// usual are names that clients have in files that import a Redis library.
	usual = regexp.MustCompile(`(?i)^_*(r|rd|rc|rdb|cache|client|conn|connection|kv|store|db|pipe|pipeline|multi|tx|batch|\w*(redis|valkey)\w*)$`)

	constructors = []string{
		"Redis", "StrictRedis", "RedisCluster", "Valkey", "StrictValkey", "ValkeyCluster", "FakeRedis", "FakeStrictRedis", "IORedis", "master_for",
		"get_redis_connection", "createClient", "createCluster", "createSentinel", "createClientPool",
	}
	clientTypes = []string{
		"Redis", "StrictRedis", "RedisCluster", "Valkey", "IORedis", "RedisClientType", "RedisClusterType", "RedisClient", "Pipeline", "ChainableCommander",
	}
	queues = []string{"pipeline", "multi", "duplicate"}
)

// maxHeader bounds what stands between class and its body.
const maxHeader = 40

// findClasses finds classes that extend a client, and what they define themselves.
func (p *program) findClasses() {
	for i, tok := range p.list {
		if !tok.is("class") || p.at(i+1).kind != name {
			continue
		}
		extends, body := false, 0
		for j := i + 2; j < min(len(p.list), i+maxHeader) && body == 0; j++ {
			switch t := p.list[j]; {
			case p.lang == python && t.is(":"), p.lang != python && t.is("{"):
				body = j
			case t.kind == name && slices.Contains(constructors, t.text):
				extends = true
			}
		}
		if extends && body > 0 {
			p.classes[p.list[i+1].text] = p.methods(i, body)
		}
	}
}

// methods are the names of the functions in the body of a class.
func (p *program) methods(class, body int) []string {
	own := []string{}
	for j := body + 1; j < len(p.list) && !p.ended(class, body, j); j++ {
		if p.list[j].kind != name || !p.at(j+1).is("(") {
			continue
		}
		if p.at(j-1).is("def") || p.lang != python && p.at(p.partnerOr(j+1)+1).in("{", ":") {
			own = append(own, strings.ToLower(p.list[j].text))
		}
	}
	return own
}

// partnerOr is the bracket that closes the one at an index, or the end of the file.
func (p *program) partnerOr(i int) int {
	if i < len(p.partner) && p.partner[i] > i {
		return p.partner[i]
	}
	return len(p.list)
}

// ended reports whether a token is behind the body of a class.
func (p *program) ended(class, body, i int) bool {
	if p.lang != python {
		return i >= p.partnerOr(body)
	}
	for b := p.blocks[i]; b != nil; b = b.parent {
		if b.arm == class {
			return false
		}
	}
	return p.list[i].kind != line
}

// findClients finds the names that are set to a client or a pipeline, or are declared as one.
func (p *program) findClients() {
	for i, tok := range p.list {
		if tok.is(":") && p.at(i-1).kind == name {
			p.declared(i)
		}
	}
	for range 3 { // names that are set to other names, up to that far
		for path, set := range p.set {
			for _, a := range set {
				p.clientFrom(path, a)
			}
		}
		p.withClients()
	}
}

// clientFrom makes a name a client when one of the things that it may be set to is.
func (p *program) clientFrom(path string, a assignment) {
	for i, n := a.from, 0; i < a.to && n < reach; i, n = i+1, n+1 {
		tok := p.list[i]
		if tok.kind == name && p.at(i+1).is("(") {
			full, _ := p.dotted(i)
			switch owner, method, dotted := cutLast(full); {
			case p.isConstructor(full):
				p.clients[path] = true
				p.own[path] = full
			case dotted && slices.Contains(queues, method) && p.isClient(owner):
				p.clients[path] = true
				if method != "duplicate" {
					p.pipes()[pipe{path, p.blocks[i].root()}] = p.queue(i)
				}
			}
		}
		if tok.in("(", "[", "{") && p.partner[i] > i {
			i = p.partner[i]
		}
	}
	if full, from := p.dotted(a.to - 1); full != "" && p.clients[full] && (from == a.from || p.at(from-1).in("await", "or", "||", "??", ":")) {
		p.clients[path] = true
		p.own[path] = p.own[full]
	}
}

// pipe is a name of a pipeline in a function, or in the file outside of functions.
type pipe struct {
	path string
	root *block
}

// pipes are the pipelines with the identity of their transaction, or nil.
func (p *program) pipes() map[pipe]any {
	if p.queued == nil {
		p.queued = map[pipe]any{}
	}
	return p.queued
}

// queue is the transaction that a call of pipeline or multi, at an index, opens; nil when it opens none.
func (p *program) queue(i int) any {
	if p.lang == python {
		for _, a := range p.split(i+2, p.partnerOr(i+1)) {
			if p.list[a[0]].is("transaction") && p.at(a[1]-1).is("False") || p.list[a[0]].is("False") {
				return nil
			}
		}
		return i
	}
	if p.list[i].is("multi") {
		return i
	}
	return nil
}

// withClients finds Python's `with EXPRESSION as NAME`.
func (p *program) withClients() {
	for i, tok := range p.list {
		if p.lang != python || !tok.is("as") || !p.at(i-1).is(")") || p.partner[i-1] < 0 {
			continue
		}
		path, _ := p.dotted(i + 1)
		start := p.partner[i-1] - 1
		_, from := p.dotted(start)
		p.clientFrom(path, assignment{i + 1, from, i})
	}
}

// declared reads NAME: TYPE, of which : is at an index. In TypeScript and in Python's classes the name is a member too.
func (p *program) declared(i int) {
	path := p.list[i-1].text
	for j := i + 1; j < len(p.list) && j < i+8; j++ {
		t := p.list[j]
		word := t.text
		switch {
		case t.kind == name && p.redis && slices.Contains(clientTypes, word), t.kind == text && p.redis && slices.Contains(clientTypes, lastOf(word)):
			p.clients[path], p.clients["this."+path], p.clients["self."+path] = true, true, true
			return
		case t.in(".", "[", "|", "<", "Optional", "None", "null", "undefined", "aioredis", "redis", "asyncio", "typing", "t"):
		case t.kind == name && j == i+1 && (unicode.IsUpper(rune(word[0])) || t.in("dict", "list", "set", "str", "string", "object")) && word != "Any":
			p.set[path] = append(p.set[path], assignment{i - 1, i + 1, i + 1})
			return
		default:
			return
		}
	}
}

func lastOf(path string) string { return path[strings.LastIndexByte(path, '.')+1:] }

// cutLast splits "a.b.c" into "a.b" and "c".
func cutLast(path string) (owner, last string, dotted bool) {
	i := strings.LastIndexByte(path, '.')
	if i < 0 {
		return "", path, false
	}
	return path[:i], path[i+1:], true
}

// isConstructor reports whether a call of the name makes a client.
func (p *program) isConstructor(path string) bool {
	owner, last, _ := cutLast(path)
	if _, ok := p.classes[last]; ok {
		return true
	}
	if !p.redis {
		return false
	}
	if slices.Contains(constructors, last) {
		return true
	}
	owner = strings.ToLower(owner)
	return last == "Cluster" || last == "from_url" && (owner == "" || strings.Contains(owner, "redis") || strings.Contains(owner, "valkey"))
}

// isClient reports whether a name, with dots, is a client as far as the file tells.
func (p *program) isClient(path string) bool {
	if p.clients[path] {
		return true
	}
	last := lastOf(path)
	call := strings.HasSuffix(last, "()")
	if call {
		return p.isConstructor(strings.TrimSuffix(path, "()")) || p.redis && certain.MatchString(strings.TrimSuffix(last, "()"))
	}
	bound, other := p.bound(path)
	switch {
	case other:
		return false
	case certain.MatchString(last):
		return true
	}
	return !bound && p.redis && usual.MatchString(last)
}

// bound reports whether the file sets a name to something that is not known as a client, and whether it is known to be
// something else.
func (p *program) bound(path string) (bound, other bool) {
	for _, a := range p.set[path] {
		bound = true
		first := p.at(a.from)
		if first.is("new") {
			first = p.at(a.from + 1)
			if first.kind == name && !strings.Contains(strings.ToLower(first.text), "redis") && !strings.Contains(strings.ToLower(first.text), "valkey") {
				return true, true
			}
		}
		if a.from == a.to || first.in("{", "[", "dict", "defaultdict", "OrderedDict", "Map", "Set", "set", "list") || first.kind == text || first.kind == number {
			return true, true
		}
	}
	return bound, false
}
