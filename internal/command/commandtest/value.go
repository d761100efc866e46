package commandtest

import "github.com/curfewkv/curfew/resp"

// Value runs one command and parses its reply.
func (s *Server) Value(args ...string) resp.Value {
	s.t.Helper()
	v, err := parse([]byte(s.Do(args...)))
	if err != nil {
		s.t.Fatalf("%q: %v", args, err)
	}
	return v
}

// Do runs one command on the redis-server; an error is a value.
func (r *Redis) Do(args ...string) resp.Value {
	r.t.Helper()
	return r.do(args...)
}
