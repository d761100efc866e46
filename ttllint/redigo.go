package ttllint

import (
	"go/ast"
	"go/types"
)

const redigoPath = "github.com/gomodule/redigo/redis"

// redigo reads Do and Send of a connection, and the functions that take a connection.
func redigo(s *source, f *types.Func, e *ast.CallExpr, _ []ast.Node) (call, bool) {
	if f.Pkg() == nil || f.Pkg().Path() != redigoPath {
		return call{}, false
	}
	at := map[string]int{"Do": 0, "Send": 0, "DoContext": 1, "DoWithTimeout": 1}
	first, ok := at[f.Name()]
	if !ok {
		return call{}, false
	}
	if f.Signature().Recv() == nil {
		first++ // the connection
	}
	if len(e.Args) <= first {
		return call{}, false
	}
	return generic(s, e, e.Args[first:])
}
