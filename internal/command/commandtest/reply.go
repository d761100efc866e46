package commandtest

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"github.com/curfewkv/curfew/resp"
)

// text shows a reply on one line: +OK, -ERR ..., :1, "bulk", nil, [a b], {k v}.
func text(v resp.Value) string {
	switch {
	case v.Null || v.Type == '_':
		return "nil"
	case v.Type == '+' || v.Type == '-':
		return string(v.Type) + v.Str
	case v.Type == ':':
		return ":" + strconv.FormatInt(v.Int, 10)
	case v.Type == '$':
		return strconv.Quote(v.Str)
	case v.Type == '*':
		return "[" + texts(v.Array) + "]"
	case v.Type == '%':
		return "{" + texts(v.Array) + "}"
	case v.Type == '~':
		return "~[" + texts(v.Array) + "]"
	}
	return fmt.Sprintf("%c%s", v.Type, v.Str)
}

func texts(vs []resp.Value) string {
	parts := make([]string, len(vs))
	for i, v := range vs {
		parts[i] = text(v)
	}
	return strings.Join(parts, " ")
}

// parse reads a reply; what is more or less than one is an error.
func parse(b []byte) (resp.Value, error) {
	r := resp.NewReader(bytes.NewReader(b))
	v, err := r.Read()
	if err == nil && r.Buffered() > 0 {
		err = fmt.Errorf("%q is more than one reply", b)
	}
	return v, err
}

// Text runs one command and shows its reply on one line: +OK, -ERR ..., :1, "bulk", nil, [a b], {k v}.
func (s *Server) Text(args ...string) string {
	s.t.Helper()
	v, err := parse([]byte(s.Do(args...)))
	if err != nil {
		s.t.Fatalf("%q: %v", args, err)
	}
	return text(v)
}

func eventText(name, key string, db int) string {
	if strings.ContainsAny(key, " |") || key == "" {
		key = strconv.Quote(key)
	}
	out := name + ":" + key
	if db != 0 {
		out += "@" + strconv.Itoa(db)
	}
	return out
}
