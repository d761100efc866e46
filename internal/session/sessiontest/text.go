package sessiontest

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/curfewkv/curfew/resp"
)

// text shows a value on one line: +OK, -ERR ..., :1, "bulk", nil, [a b], {k v}, ~[set], >[push].
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
	case v.Type == '=':
		return "=" + strconv.Quote(v.Str)
	case v.Type == '*':
		return "[" + texts(v.Array) + "]"
	case v.Type == '%':
		return "{" + texts(v.Array) + "}"
	case v.Type == '~' || v.Type == '>':
		return string(v.Type) + "[" + texts(v.Array) + "]"
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

// matches compares an answer with what a script expects, where "..." stands for any text.
func matches(want, got string) bool {
	parts := strings.Split(want, "...")
	if len(parts) == 1 {
		return want == got
	}
	first, last := parts[0], parts[len(parts)-1]
	if len(got) < len(first)+len(last) || !strings.HasPrefix(got, first) || !strings.HasSuffix(got, last) {
		return false
	}
	got = got[len(first) : len(got)-len(last)]
	for _, p := range parts[1 : len(parts)-1] {
		i := strings.Index(got, p)
		if i < 0 {
			return false
		}
		got = got[i+len(p):]
	}
	return true
}
