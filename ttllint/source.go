package ttllint

import (
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"strings"

	"golang.org/x/tools/go/analysis"

	"github.com/curfewkv/curfew/ttllint/rule"
)

// maxResolve bounds how many variables are followed from one to the next.
const maxResolve = 8

// source answers what expressions of one declaration are.
type source struct {
	info   *types.Info
	pass   *analysis.Pass
	decl   ast.Decl
	values map[types.Object][]value      // what the variables declared in here are set to, in order
	queued map[types.Object]*ast.FuncLit // see queues
}

// value is one setting of a variable. A nil expr is one that is not an expression: a range, one of several results, an
// address that was taken.
type value struct {
	pos  token.Pos
	expr ast.Expr
	zero bool // declared without a value
}

func newSource(p *analysis.Pass, d ast.Decl) *source {
	s := &source{info: p.TypesInfo, pass: p, decl: d, values: map[types.Object][]value{}}
	set := func(e ast.Expr, v value) {
		if id, ok := ast.Unparen(e).(*ast.Ident); ok {
			if o := s.info.ObjectOf(id); o != nil {
				s.values[o] = append(s.values[o], v)
			}
		}
	}
	ast.Inspect(d, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			for i, l := range n.Lhs {
				v := value{pos: n.Pos()}
				if len(n.Lhs) == len(n.Rhs) && (n.Tok == token.ASSIGN || n.Tok == token.DEFINE) {
					v.expr = n.Rhs[i]
				}
				set(l, v)
			}
		case *ast.ValueSpec:
			for i, name := range n.Names {
				v := value{pos: n.Pos(), zero: len(n.Values) == 0}
				if len(n.Values) == len(n.Names) {
					v.expr = n.Values[i]
				}
				set(name, v)
			}
		case *ast.RangeStmt:
			set(n.Key, value{pos: n.Pos()})
			set(n.Value, value{pos: n.Pos()})
		case *ast.IncDecStmt:
			set(n.X, value{pos: n.Pos()})
		case *ast.UnaryExpr:
			if n.Op == token.AND {
				set(n.X, value{pos: n.Pos()})
			}
		case *ast.Field:
			for _, name := range n.Names {
				set(name, value{pos: n.Pos()})
			}
		}
		return true
	})
	return s
}

// only is the value of a local variable that is set once, nil for other expressions.
func (s *source) only(e ast.Expr) *value {
	id, ok := ast.Unparen(e).(*ast.Ident)
	if !ok {
		return nil
	}
	v, ok := s.info.ObjectOf(id).(*types.Var)
	if !ok || v.IsField() || v.Parent() == nil || (v.Pkg() != nil && v.Parent() == v.Pkg().Scope()) {
		return nil
	}
	if set := s.values[v]; len(set) == 1 {
		return &set[0]
	}
	return nil
}

// resolve follows local variables that are set once to what they are set to.
func (s *source) resolve(e ast.Expr) ast.Expr {
	for range maxResolve {
		v := s.only(e)
		if v == nil || v.expr == nil {
			break
		}
		e = v.expr
	}
	return ast.Unparen(e)
}

// constant is the value of an expression that is one, and of a variable that only ever has one.
func (s *source) constant(e ast.Expr) constant.Value {
	if e == nil {
		return nil
	}
	e = s.resolve(e)
	if tv, ok := s.info.Types[e]; ok && tv.Value != nil {
		return tv.Value
	}
	if v := s.only(e); v != nil && v.zero {
		if b, ok := s.info.TypeOf(e).Underlying().(*types.Basic); ok && b.Info()&types.IsInteger != 0 {
			return constant.MakeInt64(0)
		}
	}
	// A conversion of a variable that only ever has one value.
	if c, ok := e.(*ast.CallExpr); ok && len(c.Args) == 1 && s.info.Types[c.Fun].IsType() {
		return s.constant(c.Args[0])
	}
	return nil
}

// number is an expression's whole number.
func (s *source) number(e ast.Expr) (int64, bool) {
	v := s.constant(e)
	if v == nil || v.Kind() == constant.Unknown {
		return 0, false
	}
	if v = constant.ToInt(v); v.Kind() != constant.Int {
		return 0, false
	}
	return constant.Int64Val(v)
}

// text is an expression's string, or what a constant number is as an argument of a command.
func (s *source) text(e ast.Expr) (string, bool) {
	v := s.constant(e)
	switch {
	case v == nil:
		return "", false
	case v.Kind() == constant.String:
		return constant.StringVal(v), true
	}
	return v.ExactString(), true
}

// key is the key that an expression makes.
func (s *source) key(e ast.Expr) rule.Key { return rule.NewKey(s.parts(e, maxResolve)...) }

func (s *source) parts(e ast.Expr, depth int) []rule.Part {
	e = ast.Unparen(e)
	if t, ok := s.text(e); ok {
		return []rule.Part{{Text: t, Constant: true}}
	}
	if depth > 0 {
		switch x := e.(type) {
		case *ast.BinaryExpr:
			if x.Op == token.ADD {
				return append(s.parts(x.X, depth-1), s.parts(x.Y, depth-1)...)
			}
		case *ast.CallExpr:
			if parts := s.formatted(x, depth-1); parts != nil {
				return parts
			}
			if len(x.Args) == 1 && s.info.Types[x.Fun].IsType() {
				return s.parts(x.Args[0], depth-1)
			}
		case *ast.Ident:
			if v := s.only(x); v != nil && v.expr != nil {
				// The name says more than an expression of which nothing is known.
				parts := s.parts(v.expr, depth-1)
				for _, p := range parts {
					if p.Constant {
						return parts
					}
				}
			}
			return []rule.Part{{Text: x.Name + s.generation(x)}}
		}
	}
	return []rule.Part{{Text: strings.Join(strings.Fields(types.ExprString(e)), " ")}}
}

// generation tells values apart that one variable has one after the other: a mark for each time that it was set before.
func (s *source) generation(id *ast.Ident) string {
	before := 0
	for _, v := range s.values[s.info.ObjectOf(id)] {
		if v.pos < id.Pos() {
			before++
		}
	}
	return strings.Repeat("'", max(0, before-1))
}

// formatted takes fmt.Sprintf with a constant format apart.
func (s *source) formatted(c *ast.CallExpr, depth int) []rule.Part {
	f := callee(s.info, c)
	if f == nil || f.FullName() != "fmt.Sprintf" || len(c.Args) == 0 || c.Ellipsis.IsValid() {
		return nil
	}
	format, ok := s.text(c.Args[0])
	if !ok {
		return nil
	}
	var parts []rule.Part
	args := c.Args[1:]
	for format != "" {
		literal, rest, found := strings.Cut(format, "%")
		if literal != "" {
			parts = append(parts, rule.Part{Text: literal, Constant: true})
		}
		if !found {
			break
		}
		// Flags, width and precision stand before the verb.
		verb := strings.TrimLeft(rest, "+-# 0123456789.")
		if verb == "" || verb[0] == '*' || verb[0] == '[' || (verb[0] != '%' && len(args) == 0) {
			return nil // arguments are not taken in order
		}
		if verb[0] == '%' {
			parts = append(parts, rule.Part{Text: "%", Constant: true})
		} else {
			parts = append(parts, s.parts(args[0], depth)...)
			args = args[1:]
		}
		format = verb[1:]
	}
	return parts
}

// callee is the function or method that a call is of, nil when it is a function value.
func callee(info *types.Info, c *ast.CallExpr) *types.Func {
	var id *ast.Ident
	switch f := ast.Unparen(c.Fun).(type) {
	case *ast.Ident:
		id = f
	case *ast.SelectorExpr:
		id = f.Sel
	default:
		return nil
	}
	f, _ := info.Uses[id].(*types.Func)
	return f
}
