package ttllint

import (
	"go/ast"
	"go/token"
	"slices"
	"strings"

	"github.com/curfewkv/curfew/ttllint/rule"
)

// deadlines finds deadlines among the words of a command and what is wrong with them.
func deadlines(s *source, name string, args []ast.Expr) []mistake {
	switch {
	case name == "EXPIREAT" && len(args) > 1:
		return timeArg(s, "EXAT", args[1])
	case name == "PEXPIREAT" && len(args) > 1:
		return timeArg(s, "PXAT", args[1])
	case name != "SET" && name != "GETEX":
		return nil
	}
	for i := 1; i+1 < len(args); i++ {
		if t, ok := s.text(args[i]); ok && slices.Contains([]string{"EXAT", "PXAT"}, strings.ToUpper(t)) {
			return timeArg(s, strings.ToUpper(t), args[i+1])
		}
	}
	return nil
}

// timeArg looks at the argument of EX, PX, EXAT or PXAT.
func timeArg(s *source, word string, e ast.Expr) []mistake {
	if t := s.info.TypeOf(e); t != nil && t.String() == "time.Duration" {
		return tooShort(s, e)
	}
	if word != "EXAT" && word != "PXAT" {
		return nil
	}
	found := local(s, e)
	unit := epoch(s, e, maxResolve)
	switch {
	case word == "EXAT" && (unit == "UnixMilli" || unit == "UnixMicro" || unit == "UnixNano"):
		found = append(found, mistake{rule.WrongUnit, e, "the deadline is in seconds, and " + unit + " is not: the key would stay for thousands of years"})
	case word == "PXAT" && unit == "Unix":
		found = append(found, mistake{rule.WrongUnit, e, "the deadline is in milliseconds, and Unix is in seconds: it is long past, so the key goes at once"})
	case word == "PXAT" && (unit == "UnixMicro" || unit == "UnixNano"):
		found = append(found, mistake{rule.WrongUnit, e, "the deadline is in milliseconds, and " + unit + " is not: the key would stay for thousands of years"})
	}
	return found
}

// epoch is the method of time.Time that a sum takes its instant from, "" when there is none.
func epoch(s *source, e ast.Expr, depth int) string {
	e = s.resolve(e)
	if depth == 0 {
		return ""
	}
	switch x := e.(type) {
	case *ast.BinaryExpr:
		if x.Op != token.ADD && x.Op != token.SUB {
			return ""
		}
		if u := epoch(s, x.X, depth-1); u != "" {
			return u
		}
		return epoch(s, x.Y, depth-1)
	case *ast.CallExpr:
		if s.info.Types[x.Fun].IsType() && len(x.Args) == 1 {
			return epoch(s, x.Args[0], depth-1)
		}
		if f := callee(s.info, x); f != nil && strings.HasPrefix(f.FullName(), "(time.Time).Unix") {
			return f.Name()
		}
	}
	return ""
}

// local finds a deadline that is made in the time zone of the machine.
func local(s *source, e ast.Expr) []mistake {
	if !isLocal(s, e, maxResolve) {
		return nil
	}
	return []mistake{{rule.LocalDeadline, e, "the deadline is made in time.Local, so it is another instant on a machine in another time zone; make it in UTC or in a named zone"}}
}

func isLocal(s *source, e ast.Expr, depth int) bool {
	e = s.resolve(e)
	if depth == 0 {
		return false
	}
	switch x := e.(type) {
	case *ast.BinaryExpr:
		return isLocal(s, x.X, depth-1) || isLocal(s, x.Y, depth-1)
	case *ast.CallExpr:
		if s.info.Types[x.Fun].IsType() && len(x.Args) == 1 {
			return isLocal(s, x.Args[0], depth-1)
		}
		f := callee(s.info, x)
		if f == nil || f.Pkg() == nil || f.Pkg().Path() != "time" {
			return false
		}
		if (f.Name() == "Date" || f.Name() == "ParseInLocation") && f.Signature().Recv() == nil && len(x.Args) > 0 {
			return isTimeLocal(s, x.Args[len(x.Args)-1])
		}
		if sel, ok := ast.Unparen(x.Fun).(*ast.SelectorExpr); ok && f.Signature().Recv() != nil {
			return isLocal(s, sel.X, depth-1)
		}
	}
	return false
}

func isTimeLocal(s *source, e ast.Expr) bool {
	sel, ok := s.resolve(e).(*ast.SelectorExpr)
	if !ok {
		return false
	}
	o := s.info.Uses[sel.Sel]
	return o != nil && o.Pkg() != nil && o.Pkg().Path() == "time" && o.Name() == "Local"
}
