package ttllint

import (
	"go/ast"
	"go/types"
	"slices"
	"strings"

	"github.com/curfewkv/curfew/ttllint/rule"
)

// call is a Redis command in the source.
type call struct {
	expr     *ast.CallExpr
	stack    []ast.Node // what the call is in, from the declaration in
	op       rule.Operation
	mistakes []mistake
	lifetime ast.Expr // the argument that says the lifetime, where a fix may use it
	plain    bool     // a method of go-redis, which fixes know how to change
}

// mistake is a finding about one argument.
type mistake struct {
	code rule.Code
	at   ast.Node
	what string
}

// collect finds the commands of a declaration in the order in which they run, as far as the source has one.
func collect(s *source, d ast.Decl) []call {
	var found []call
	var stack []ast.Node
	ast.Inspect(d, func(n ast.Node) bool {
		if n == nil {
			stack = stack[:len(stack)-1]
			return true
		}
		if e, ok := n.(*ast.CallExpr); ok {
			if c, ok := command(s, e, stack); ok {
				c.stack = slices.Clone(stack)
				c.op.Line = s.pass.Fset.Position(e.End()).Line
				c.op.Path = path(s, append(c.stack, n))
				if c.op.Atomic == nil {
					c.op.Atomic = transaction(s, e)
				}
				found = append(found, c)
			}
		}
		stack = append(stack, n)
		return true
	})
	// Arguments run before the call that they are of.
	slices.SortStableFunc(found, func(a, b call) int { return int(a.expr.Rparen - b.expr.Rparen) })
	return bracket(found)
}

// command reads a call as a Redis command in one of the libraries.
func command(s *source, e *ast.CallExpr, stack []ast.Node) (call, bool) {
	f := callee(s.info, e)
	if f == nil {
		return call{}, false
	}
	for _, read := range []func(*source, *types.Func, *ast.CallExpr, []ast.Node) (call, bool){goRedis, rueidis, redigo} {
		if c, ok := read(s, f, e, stack); ok {
			return c, true
		}
	}
	return call{}, false
}

// bracket puts the commands between MULTI and EXEC into one transaction and drops those two.
func bracket(calls []call) []call {
	var kept []call
	var open any
	for _, c := range calls {
		switch c.op.Command {
		case "MULTI":
			open = c.expr
			continue
		case "EXEC", "DISCARD":
			open = nil
			continue
		}
		if c.op.Atomic == nil {
			c.op.Atomic = open
		}
		kept = append(kept, c)
	}
	return kept
}

// transaction is the identity of go-redis's MULTI that a call is queued in: the function given to TxPipelined, or the
// variable that TxPipeline made.
func transaction(s *source, e *ast.CallExpr) any {
	sel, ok := ast.Unparen(e.Fun).(*ast.SelectorExpr)
	if !ok {
		return nil
	}
	id, ok := ast.Unparen(sel.X).(*ast.Ident)
	if !ok {
		return nil
	}
	o := s.info.ObjectOf(id)
	if v := s.only(id); v != nil && v.expr != nil {
		if c, ok := ast.Unparen(v.expr).(*ast.CallExpr); ok {
			if f := callee(s.info, c); f != nil && f.Name() == "TxPipeline" {
				return o
			}
		}
	}
	if f, ok := s.queues()[o]; ok {
		return f
	}
	return nil
}

// queues are the parameters of functions given to TxPipelined.
func (s *source) queues() map[types.Object]*ast.FuncLit {
	if s.queued != nil {
		return s.queued
	}
	s.queued = map[types.Object]*ast.FuncLit{}
	ast.Inspect(s.decl, func(n ast.Node) bool {
		c, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		if f := callee(s.info, c); f == nil || f.Name() != "TxPipelined" {
			return true
		}
		for _, a := range c.Args {
			if lit, ok := a.(*ast.FuncLit); ok {
				for _, field := range lit.Type.Params.List {
					for _, name := range field.Names {
						s.queued[s.info.ObjectOf(name)] = lit
					}
				}
			}
		}
		return true
	})
	return s.queued
}

// path is the branches on the way to the last node of the stack.
func path(s *source, stack []ast.Node) []rule.Branch {
	var branches []rule.Branch
	for i := 1; i < len(stack); i++ {
		child := stack[i]
		switch p := stack[i-1].(type) {
		case *ast.IfStmt:
			switch child {
			case p.Body:
				branches = append(branches, rule.Branch{Statement: p, Arm: 0, Leaves: leaves(s, p.Body.List)})
			case p.Else:
				b, _ := p.Else.(*ast.BlockStmt)
				branches = append(branches, rule.Branch{Statement: p, Arm: 1, Leaves: b != nil && leaves(s, b.List)})
			}
		case *ast.BlockStmt:
			switch c := child.(type) {
			case *ast.CaseClause:
				branches = append(branches, rule.Branch{Statement: p, Arm: slices.Index(p.List, ast.Stmt(c)), Leaves: leaves(s, c.Body)})
			case *ast.CommClause:
				branches = append(branches, rule.Branch{Statement: p, Arm: slices.Index(p.List, ast.Stmt(c)), Leaves: leaves(s, c.Body)})
			}
		case *ast.CallExpr:
			// Functions run for different reasons, except those that a client runs at once.
			if lit, ok := child.(*ast.FuncLit); ok && !runsNow(s, p, lit) {
				branches = append(branches, rule.Branch{Statement: stack[0], Arm: int(lit.Pos())})
			}
		default:
			if lit, ok := child.(*ast.FuncLit); ok {
				branches = append(branches, rule.Branch{Statement: stack[0], Arm: int(lit.Pos())})
			}
		}
	}
	return branches
}

// runsNow reports whether a call runs a function literal before it returns: because it calls it, or is known to.
func runsNow(s *source, c *ast.CallExpr, lit *ast.FuncLit) bool {
	if ast.Unparen(c.Fun) == lit {
		return true
	}
	f := callee(s.info, c)
	return f != nil && slices.Contains([]string{"Pipelined", "TxPipelined", "Watch", "Dedicated", "Do"}, f.Name())
}

// leaves reports whether statements end their function.
func leaves(s *source, list []ast.Stmt) bool {
	if len(list) == 0 {
		return false
	}
	switch last := list[len(list)-1].(type) {
	case *ast.ReturnStmt:
		return true
	case *ast.ExprStmt:
		c, ok := last.X.(*ast.CallExpr)
		if !ok {
			return false
		}
		if id, ok := c.Fun.(*ast.Ident); ok && id.Name == "panic" {
			return true
		}
		f := callee(s.info, c)
		return f != nil && f.Pkg() != nil && (f.FullName() == "os.Exit" || f.Pkg().Path() == "log" && strings.HasPrefix(f.Name(), "Fatal"))
	}
	return false
}
