package lifetime

import "sync/atomic"

// scripting remembers whether a server runs scripts. Curfew has none, and an ACL may refuse them; WATCH, MULTI and EXEC
// then do the same in more round trips.
type scripting struct{ refused atomic.Bool }

// off reports whether the error says that scripts are refused as such, and remembers it.
func (s *scripting) off(err error) bool {
	if !refused(err, "eval") { // EVALSHA too
		return false
	}
	s.refused.Store(true)
	return true
}

// integers reads a script's reply that is a list of at least n integers.
func integers(reply any, n int) ([]int64, bool) {
	list, ok := reply.([]any)
	if !ok || len(list) < n {
		return nil, false
	}
	numbers := make([]int64, n)
	for i := range numbers {
		if numbers[i], ok = list[i].(int64); !ok {
			return nil, false
		}
	}
	return numbers, true
}
