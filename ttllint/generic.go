package ttllint

import (
	"go/ast"
	"go/types"
	"strings"

	"github.com/curfewkv/curfew/ttllint/rule"
)

// generic reads a command that is given as its words: Do("SET", key, value, "EX", 60).
func generic(s *source, e *ast.CallExpr, words []ast.Expr) (call, bool) {
	if len(words) == 0 || (e.Ellipsis.IsValid() && len(words) == 1) {
		return call{}, false
	}
	name, ok := s.text(words[0])
	if !ok {
		return call{}, false
	}
	name = strings.ToUpper(name)
	c := call{expr: e}
	if name == "MULTI" || name == "EXEC" || name == "DISCARD" {
		c.op = rule.Operation{Command: name}
		return c, true
	}
	args := spread(s, words[1:], e.Ellipsis.IsValid())
	c.op, ok = rule.Parse(name, args)
	if ok && !e.Ellipsis.IsValid() {
		c.mistakes = deadlines(s, name, words[1:])
	}
	return c, ok
}

// spread makes arguments of expressions, of which the last may be a slice with dots.
func spread(s *source, list []ast.Expr, dots bool) []rule.Arg {
	var args []rule.Arg
	for i, e := range list {
		if dots && i == len(list)-1 {
			return append(args, elements(s, e)...)
		}
		if t := s.info.TypeOf(e); t != nil && isSlice(t) && len(list) == 1 {
			args = append(args, rule.Arg{Rest: true}) // MSet(ctx, pairs), a slice or a map
			continue
		}
		args = append(args, s.arg(e))
	}
	return args
}

func isSlice(t types.Type) bool {
	switch u := t.Underlying().(type) {
	case *types.Slice:
		b, ok := u.Elem().(*types.Basic)
		return !ok || b.Kind() != types.Byte
	case *types.Map, *types.Struct, *types.Pointer:
		return true
	}
	return false
}

func (s *source) arg(e ast.Expr) rule.Arg {
	t, ok := s.text(e)
	return rule.Arg{Text: t, Constant: ok, Key: s.key(e)}
}

// elements are the arguments in a slice: a literal, or redigo's Args with Add.
func elements(s *source, e ast.Expr) []rule.Arg {
	unknown := []rule.Arg{{Rest: true}}
	switch x := s.resolve(e).(type) {
	case *ast.CompositeLit:
		var args []rule.Arg
		for _, el := range x.Elts {
			args = append(args, s.arg(el))
		}
		return args
	case *ast.CallExpr:
		f := callee(s.info, x)
		sel, ok := ast.Unparen(x.Fun).(*ast.SelectorExpr)
		if f == nil || !ok || f.Pkg() == nil || f.Pkg().Path() != redigoPath || f.Signature().Recv() == nil {
			return unknown
		}
		before := elements(s, sel.X)
		if f.Name() != "Add" || x.Ellipsis.IsValid() {
			return append(before, rule.Arg{Rest: true})
		}
		for _, a := range x.Args {
			before = append(before, s.arg(a))
		}
		return before
	}
	return unknown
}
