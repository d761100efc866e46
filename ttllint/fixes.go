package ttllint

import (
	"go/ast"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/analysis"

	"github.com/curfewkv/curfew/ttllint/rule"
)

// fixes offers to join two commands of go-redis into one, where that cannot change what the program does otherwise:
// the second is a statement of its own whose result nobody reads, in the same list of statements as the first, both are
// of one client, and its lifetime can be computed where the first stands.
func fixes(s *source, code rule.Code, first, second call) []analysis.SuggestedFix {
	if !first.plain || !second.plain || second.op.Command != "EXPIRE" || second.op.If || second.lifetime == nil {
		return nil
	}
	list, statement := statementOf(second)
	if list == nil || !inList(first, list) || client(first) == "" || client(first) != client(second) || !known(s, second.lifetime, first.expr.Pos()) {
		return nil
	}
	lifetime := types.ExprString(second.lifetime)
	remove := analysis.TextEdit{Pos: statement.Pos(), End: statement.End()}
	switch name := first.expr.Fun.(*ast.SelectorExpr).Sel; {
	case code == rule.GetThenExpire && name.Name == "Get":
		return []analysis.SuggestedFix{{Message: "Read and extend by GetEx", TextEdits: []analysis.TextEdit{
			{Pos: name.Pos(), End: name.End(), NewText: []byte("GetEx")},
			{Pos: first.expr.Rparen, End: first.expr.Rparen, NewText: []byte(", " + lifetime)},
			remove,
		}}}
	case code == rule.SetThenExpire && first.lifetime != nil && (name.Name == "Set" || name.Name == "SetNX" || name.Name == "SetXX"):
		return []analysis.SuggestedFix{{Message: "Give the lifetime to " + name.Name, TextEdits: []analysis.TextEdit{
			{Pos: first.lifetime.Pos(), End: first.lifetime.End(), NewText: []byte(lifetime)},
			remove,
		}}}
	}
	return nil
}

// statementOf is the statement that a call is all of, and the list that it is in.
func statementOf(c call) (ast.Node, *ast.ExprStmt) {
	if len(c.stack) < 2 {
		return nil, nil
	}
	statement, ok := c.stack[len(c.stack)-1].(*ast.ExprStmt)
	if !ok {
		return nil, nil
	}
	return c.stack[len(c.stack)-2], statement
}

// inList reports whether a call is in a simple statement of the list.
func inList(c call, list ast.Node) bool {
	for i := len(c.stack) - 2; i >= 0; i-- {
		if c.stack[i] == list {
			switch c.stack[i+1].(type) {
			case *ast.ExprStmt, *ast.AssignStmt, *ast.DeclStmt, *ast.IfStmt:
				return !insideBody(c.stack[i+1:])
			}
			return false
		}
	}
	return false
}

// insideBody reports whether there are statements or functions between a statement and what is in it.
func insideBody(stack []ast.Node) bool {
	for _, n := range stack {
		switch n.(type) {
		case *ast.BlockStmt, *ast.FuncLit:
			return true
		}
	}
	return false
}

// client is the expression that a method is called on; "" when it is more than names.
func client(c call) string {
	sel, ok := c.expr.Fun.(*ast.SelectorExpr)
	if !ok {
		return ""
	}
	for e := sel.X; ; {
		switch x := e.(type) {
		case *ast.Ident:
			return types.ExprString(sel.X)
		case *ast.SelectorExpr:
			e = x.X
		default:
			return ""
		}
	}
}

// known reports whether an expression has its value at a place already: it consists of constants, of variables that are
// set once and before it, and of fields; and calls nothing.
func known(s *source, e ast.Expr, at token.Pos) bool {
	ok := true
	ast.Inspect(e, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			ok = ok && s.info.Types[n.Fun].IsType()
		case *ast.Ident:
			if v, is := s.info.ObjectOf(n).(*types.Var); is {
				set := s.values[v]
				ok = ok && (len(set) == 0 || len(set) == 1 && set[0].pos < at)
			}
		case *ast.UnaryExpr:
			ok = ok && n.Op != token.ARROW
		}
		return ok
	})
	return ok
}
