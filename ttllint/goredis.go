package ttllint

import (
	"go/ast"
	"go/token"
	"go/types"
	"strings"
	"time"

	"github.com/curfewkv/curfew/ttllint/rule"
)

const goRedisPath = "github.com/redis/go-redis/v9"

// keepTTL is go-redis's redis.KeepTTL.
const keepTTL = -1

// method is how a method of go-redis becomes a command. Indices count from the context, which is 0.
type method struct {
	command string
	key     int    // 0: the keys are pairs from 1 on
	ttl     int    // index of the duration; 0: none
	at      int    // index of the deadline; 0: none
	word    string // an option that the method stands for
}

// methods are those that are not simply the command with its key first.
var methods = map[string]method{
	"Set": {command: "SET", key: 1, ttl: 3}, "SetNX": {command: "SET", key: 1, ttl: 3, word: "NX"}, "SetXX": {command: "SET", key: 1, ttl: 3, word: "XX"},
	"SetIFEQ": {command: "SET", key: 1, ttl: 4, word: "IFEQ"}, "SetIFEQGet": {command: "SET", key: 1, ttl: 4, word: "IFEQ"},
	"SetIFNE": {command: "SET", key: 1, ttl: 4, word: "IFNE"}, "SetIFNEGet": {command: "SET", key: 1, ttl: 4, word: "IFNE"},
	"SetIFDEQ": {command: "SET", key: 1, ttl: 4, word: "IFDEQ"}, "SetIFDEQGet": {command: "SET", key: 1, ttl: 4, word: "IFDEQ"},
	"SetIFDNE": {command: "SET", key: 1, ttl: 4, word: "IFDNE"}, "SetIFDNEGet": {command: "SET", key: 1, ttl: 4, word: "IFDNE"},
	"SetFromBuffer": {command: "SET", key: 1}, "SetEx": {command: "SETEX", key: 1, ttl: 3},
	"MSet": {command: "MSET"}, "MSetNX": {command: "MSETNX"}, "GetEx": {command: "GETEX", key: 1, ttl: 2},
	"Restore": {command: "RESTORE", key: 1, ttl: 2}, "RestoreReplace": {command: "RESTORE", key: 1, ttl: 2},
	"Expire": {command: "EXPIRE", key: 1, ttl: 2}, "PExpire": {command: "PEXPIRE", key: 1, ttl: 2},
	"ExpireNX": {command: "EXPIRE", key: 1, ttl: 2, word: "NX"}, "ExpireXX": {command: "EXPIRE", key: 1, ttl: 2, word: "XX"},
	"ExpireGT": {command: "EXPIRE", key: 1, ttl: 2, word: "GT"}, "ExpireLT": {command: "EXPIRE", key: 1, ttl: 2, word: "LT"},
	"ExpireAt": {command: "EXPIREAT", key: 1, at: 2}, "PExpireAt": {command: "PEXPIREAT", key: 1, at: 2},
	"HExpire": {command: "HEXPIRE", key: 1, ttl: 2}, "HPExpire": {command: "HPEXPIRE", key: 1, ttl: 2},
	"HExpireAt": {command: "HEXPIREAT", key: 1, at: 2}, "HPExpireAt": {command: "HPEXPIREAT", key: 1, at: 2},
	"ZAddNX": {command: "ZADD", key: 1}, "ZAddLT": {command: "ZADD", key: 1}, "ZAddGT": {command: "ZADD", key: 1},
	"ZAddArgs": {command: "ZADD", key: 1}, "ZAddArgsIncr": {command: "ZADD", key: 1}, "GeoSearchStore": {command: "GEOSEARCHSTORE", key: 2},
	"BitOpAnd": {command: "BITOP", key: 1}, "BitOpOr": {command: "BITOP", key: 1}, "BitOpXor": {command: "BITOP", key: 1}, "BitOpNot": {command: "BITOP", key: 1},
}

// goRedis reads a call of a go-redis client, pipeline or transaction, or of an interface that one of them satisfies.
func goRedis(s *source, f *types.Func, e *ast.CallExpr, _ []ast.Node) (call, bool) {
	if !isGoRedis(f) || len(e.Args) == 0 {
		return call{}, false
	}
	if f.Name() == "Do" {
		return generic(s, e, e.Args[1:])
	}
	if f.Name() == "SetArgs" && len(e.Args) == 4 {
		return setArgs(s, e)
	}
	m, ok := methods[f.Name()]
	if !ok {
		m = method{command: strings.ToUpper(f.Name()), key: 1}
	}
	if len(e.Args) <= max(m.key, m.ttl, m.at) {
		return call{}, false
	}
	c := call{expr: e, plain: true}
	args := m.keys(s, e)
	if m.word != "" {
		args = append(args, rule.Arg{}, rule.Arg{Text: m.word, Constant: true})
	}
	if m.ttl > 0 {
		c.lifetime = e.Args[m.ttl]
		args = append(args, durationArgs(s, m.command, c.lifetime)...)
		c.mistakes = append(c.mistakes, tooShort(s, c.lifetime)...)
	}
	if m.at > 0 {
		c.lifetime = e.Args[m.at]
		c.mistakes = append(c.mistakes, local(s, c.lifetime)...)
	}
	c.op, ok = rule.Parse(m.command, args)
	return c, ok
}

// isGoRedis reports whether a method is go-redis's own, or one of an interface that go-redis's clients satisfy: the first
// parameter is a context, the result one of go-redis's commands. Methods of other types are not: they may give a lifetime
// themselves.
func isGoRedis(f *types.Func) bool {
	sig := f.Signature()
	if sig.Recv() == nil || !f.Exported() || sig.Params().Len() == 0 || sig.Params().At(0).Type().String() != "context.Context" || sig.Results().Len() != 1 {
		return false
	}
	if f.Pkg() == nil || f.Pkg().Path() != goRedisPath && !types.IsInterface(sig.Recv().Type()) {
		return false
	}
	p, ok := sig.Results().At(0).Type().(*types.Pointer)
	if !ok {
		return false
	}
	n, ok := p.Elem().(*types.Named)
	return ok && n.Obj().Pkg() != nil && n.Obj().Pkg().Path() == goRedisPath && strings.HasSuffix(n.Obj().Name(), "Cmd")
}

// keys are the arguments of the command as far as its keys and its value go.
func (m method) keys(s *source, e *ast.CallExpr) []rule.Arg {
	if m.key == 0 {
		return spread(s, e.Args[1:], e.Ellipsis.IsValid())
	}
	key := rule.Arg{Key: s.key(e.Args[m.key])}
	if m.command == "BITOP" {
		return []rule.Arg{{}, key}
	}
	return []rule.Arg{key}
}

// durationArgs are what go-redis sends for a duration.
func durationArgs(s *source, command string, e ast.Expr) []rule.Arg {
	d, ok := s.number(e)
	given := []rule.Arg{{Text: "PX", Constant: true}, {}}
	switch {
	case command == "RESTORE" && ok && d == 0:
		return []rule.Arg{{Text: "0", Constant: true}}
	case command == "GETEX" && ok && d <= 0:
		if d == 0 {
			return []rule.Arg{{Text: "PERSIST", Constant: true}}
		}
		return nil
	case command != "SET":
		return given
	case !ok:
		return append([]rule.Arg{{}}, given...)
	case d == keepTTL:
		return []rule.Arg{{}, {Text: "KEEPTTL", Constant: true}}
	case d <= 0:
		return nil
	}
	return append([]rule.Arg{{}}, given...)
}

// setArgs reads SetArgs(ctx, key, value, redis.SetArgs{...}).
func setArgs(s *source, e *ast.CallExpr) (call, bool) {
	c := call{expr: e}
	args := []rule.Arg{{Key: s.key(e.Args[1])}, {}}
	lit, ok := s.resolve(e.Args[3]).(*ast.CompositeLit)
	if !ok || s.changed(e.Args[3]) {
		args = append(args, rule.Arg{})
		lit = &ast.CompositeLit{}
	}
	for _, el := range lit.Elts {
		kv, ok := el.(*ast.KeyValueExpr)
		if !ok {
			args = append(args, rule.Arg{})
			continue
		}
		name, ok := kv.Key.(*ast.Ident)
		if !ok {
			return call{}, false // an interface's own SetArgs, which takes something else
		}
		switch name.Name {
		case "TTL":
			if d, ok := s.number(kv.Value); !ok || d > 0 {
				args = append(args, rule.Arg{Text: "PX", Constant: true})
			}
			c.mistakes = append(c.mistakes, tooShort(s, kv.Value)...)
		case "ExpireAt":
			if l, ok := s.resolve(kv.Value).(*ast.CompositeLit); !ok || len(l.Elts) > 0 { // time.Time{} is none
				args = append(args, rule.Arg{Text: "PXAT", Constant: true})
			}
			c.mistakes = append(c.mistakes, local(s, kv.Value)...)
		case "KeepTTL":
			if v := s.constant(kv.Value); v == nil || v.String() == "true" {
				args = append(args, rule.Arg{Text: "KEEPTTL", Constant: true})
			}
		case "Mode":
			if t, ok := s.text(kv.Value); ok {
				args = append(args, rule.Arg{Text: t, Constant: true})
			}
		}
	}
	c.op, ok = rule.Parse("SET", args)
	return c, ok
}

// changed reports whether an expression is a variable of which a field is set somewhere in the declaration.
func (s *source) changed(e ast.Expr) bool {
	id, ok := ast.Unparen(e).(*ast.Ident)
	if !ok {
		return false
	}
	o, found := s.info.ObjectOf(id), false
	ast.Inspect(s.decl, func(n ast.Node) bool {
		if a, ok := n.(*ast.AssignStmt); ok {
			for _, l := range a.Lhs {
				sel, ok := l.(*ast.SelectorExpr)
				if !ok {
					continue
				}
				if x, ok := sel.X.(*ast.Ident); ok && s.info.ObjectOf(x) == o {
					found = true
				}
			}
		}
		return !found
	})
	return found
}

// tooShort finds durations that are bare numbers: nanoseconds by mistake.
func tooShort(s *source, e ast.Expr) []mistake {
	d, ok := s.number(e)
	if !ok || d <= 0 || d >= int64(time.Millisecond) {
		return nil
	}
	what := "a lifetime of " + time.Duration(d).String() + " is below Redis's millisecond"
	if lit, ok := ast.Unparen(e).(*ast.BasicLit); ok && lit.Kind == token.INT {
		what = "the lifetime " + lit.Value + " is nanoseconds, as every bare time.Duration; write " + lit.Value + "*time.Second if seconds are meant"
	}
	return []mistake{{rule.WrongUnit, e, what}}
}
