package ttllint

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"github.com/curfewkv/curfew/ttllint/rule"
)

const rueidisPath = "github.com/redis/rueidis/internal/cmds"

// options are the methods of rueidis's builders that are words of a command.
var options = map[string]string{
	"Ex": "EX", "ExSeconds": "EX", "Px": "PX", "PxMilliseconds": "PX", "Exat": "EXAT", "ExatTimestamp": "EXAT",
	"Pxat": "PXAT", "PxatMillisecondsTimestamp": "PXAT", "Keepttl": "KEEPTTL", "Persist": "PERSIST", "Nx": "NX", "Xx": "XX", "Gt": "GT", "Lt": "LT",
}

// step is a call in a builder's chain.
type step struct {
	name string
	args []ast.Expr
}

// rueidis reads a chain of rueidis's builder, given its first call: B().Set() of B().Set().Key(k).Value(v).Build().
func rueidis(s *source, f *types.Func, e *ast.CallExpr, stack []ast.Node) (call, bool) {
	if f.Pkg() == nil || f.Pkg().Path() != rueidisPath || !onBuilder(f) {
		return call{}, false
	}
	steps, last := chain(e, stack)
	name := strings.ToUpper(f.Name())
	c := call{expr: last}
	if name == "MULTI" || name == "EXEC" || name == "DISCARD" {
		c.op = rule.Operation{Command: name}
		return c, true
	}
	if name == "ARBITRARY" {
		return arbitrary(s, e, steps, last)
	}
	args, words, mistakes := builderArgs(s, name, steps)
	if !complete(steps) {
		words = append(words, rule.Arg{Rest: true}) // the rest is added elsewhere
	}
	// Keys come first in every command that a rule is about, wherever the builder has them, except in BITOP.
	if name == "BITOP" {
		args = append([]rule.Arg{{}}, args...)
	}
	if name == "SET" || strings.HasPrefix(name, "EXPIRE") || strings.HasPrefix(name, "PEXPIRE") {
		args = append(args, rule.Arg{})
	}
	c.mistakes = mistakes
	var ok bool
	c.op, ok = rule.Parse(name, append(args, words...))
	if !complete(steps) && c.op.Kind == rule.Write {
		c.op.Lifetime = rule.Unclear
	}
	return c, ok
}

func onBuilder(f *types.Func) bool {
	r := f.Signature().Recv()
	if r == nil {
		return false
	}
	n, ok := r.Type().(*types.Named)
	return ok && n.Obj().Name() == "Builder"
}

// chain walks up from the first call of a chain to the last.
func chain(first *ast.CallExpr, stack []ast.Node) (steps []step, last *ast.CallExpr) {
	last = first
	for i := len(stack) - 1; i >= 1; i -= 2 {
		sel, ok := stack[i].(*ast.SelectorExpr)
		if !ok || sel.X != ast.Expr(last) {
			break
		}
		c, ok := stack[i-1].(*ast.CallExpr)
		if !ok || c.Fun != ast.Expr(sel) {
			break
		}
		steps = append(steps, step{sel.Sel.Name, c.Args})
		last = c
	}
	return steps, last
}

// complete reports whether a chain ends in a command.
func complete(steps []step) bool {
	return slices.ContainsFunc(steps, func(s step) bool {
		return slices.Contains([]string{"Build", "Cache", "ReadOnly", "Blocking", "MultiGet"}, s.name)
	})
}

// builderArgs are the keys and the words of a chain.
func builderArgs(s *source, name string, steps []step) (keys, words []rule.Arg, mistakes []mistake) {
	for _, st := range steps {
		word, isWord := options[st.name]
		switch {
		case isWord:
			words = append(words, rule.Arg{Text: word, Constant: true})
			if len(st.args) == 1 {
				mistakes = append(mistakes, timeArg(s, word, st.args[0])...)
			}
		case slices.Contains([]string{"Key", "KeyValue", "Destination", "Destkey"}, st.name) && len(st.args) > 0:
			if st.name == "Key" && len(keys) > 0 {
				continue // sources of a store
			}
			keys = append(keys, rule.Arg{Key: s.key(st.args[0])})
			if st.name == "KeyValue" {
				keys = append(keys, rule.Arg{})
			}
		case st.name == "Ttl" && len(st.args) == 1:
			keys = append(keys, s.arg(st.args[0]))
		case st.name == "Timestamp" && len(st.args) == 1:
			mistakes = append(mistakes, timeArg(s, map[string]string{"EXPIREAT": "EXAT", "PEXPIREAT": "PXAT"}[name], st.args[0])...)
		}
	}
	return keys, words, mistakes
}

// arbitrary reads B().Arbitrary("SET").Keys(k).Args(v, "EX", "60").Build().
func arbitrary(s *source, first *ast.CallExpr, steps []step, last *ast.CallExpr) (call, bool) {
	words := slices.Clone(first.Args)
	for _, st := range steps {
		if st.name == "Keys" || st.name == "Args" {
			words = append(words, st.args...)
		}
	}
	return generic(s, &ast.CallExpr{Fun: last.Fun, Lparen: last.Lparen, Args: words, Rparen: last.Rparen, Ellipsis: dots(steps, last)}, words)
}

// dots is the place of dots after the last arguments of a chain.
func dots(steps []step, last *ast.CallExpr) token.Pos {
	for c := last; ; {
		if c.Ellipsis.IsValid() {
			return c.Ellipsis
		}
		sel, ok := c.Fun.(*ast.SelectorExpr)
		if !ok {
			return token.NoPos
		}
		below, ok := sel.X.(*ast.CallExpr)
		if !ok || len(steps) == 0 {
			return token.NoPos
		}
		steps, c = steps[1:], below
	}
}
