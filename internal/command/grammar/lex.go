package grammar

import (
	"fmt"
	"strings"
)

// kind is the kind of a lexeme.
type kind uint8

const (
	end      kind = iota
	word          // a token or an argument
	open          // [
	shut          // ]
	less          // <
	greater       // >
	bar           // |
	ellipsis      // ...
)

// lexeme is a part of a syntax. group is the name that stands before a bracket: "name:<".
type lexeme struct {
	kind  kind
	text  string
	group string
	at    int
}

const brackets = "[]<>|"

var kinds = map[byte]kind{'[': open, ']': shut, '<': less, '>': greater, '|': bar}

// lex splits a syntax into lexemes, the last of which is the end.
func lex(s string) ([]lexeme, error) {
	var out []lexeme
	group := ""
	for i := 0; i < len(s); {
		c := s[i]
		if c == ' ' {
			i++
			continue
		}
		if k, ok := kinds[c]; ok {
			if group != "" && k != open && k != less {
				return nil, fmt.Errorf("at %d: no group behind %q", i, group+":")
			}
			out = append(out, lexeme{kind: k, text: s[i : i+1], group: group, at: i})
			group = ""
			i++
			continue
		}
		if group != "" {
			return nil, fmt.Errorf("at %d: no group behind %q", i, group+":")
		}
		n := strings.IndexAny(s[i:], brackets+" ")
		if n < 0 {
			n = len(s) - i
		}
		text := s[i : i+n]
		switch {
		case text == "...":
			out = append(out, lexeme{kind: ellipsis, text: text, at: i})
		case strings.HasSuffix(text, ":") && i+n < len(s) && kinds[s[i+n]] != end:
			group = strings.TrimSuffix(text, ":")
		default:
			out = append(out, lexeme{kind: word, text: text, at: i})
		}
		i += n
	}
	if group != "" {
		return nil, fmt.Errorf("no group behind %q", group+":")
	}
	return append(out, lexeme{kind: end, at: len(s)}), nil
}

// isToken: the word stands for itself. Arguments have lower-case letters; a word in capitals with a colon, such as
// IP:PORT, is an argument too, for no token of Redis has a colon.
func isToken(text string) bool {
	return text == strings.ToUpper(text) && !strings.Contains(text, ":")
}

// leaf makes the argument of a word that is no token.
func leaf(text string) (Arg, error) {
	if name, typ, ok := strings.Cut(text, ":"); ok {
		if t, ok := declared[typ]; ok {
			return Arg{Name: name, Type: t}, nil
		}
	}
	name := strings.ToLower(text)
	if strings.HasSuffix(name, ":") {
		return Arg{}, fmt.Errorf("no type or group behind %q", text)
	}
	if name != text && !strings.Contains(text, ":") {
		return Arg{}, fmt.Errorf("%q is neither a token in capitals nor a name in lower case", text)
	}
	return Arg{Name: name, Type: typeOf(name)}, nil
}
