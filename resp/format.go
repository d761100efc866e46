package resp

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/curfewkv/curfew/resp/number"
)

// parseDouble reads RESP3's doubles, which may be NaN of either sign.
func parseDouble(b []byte) (float64, bool) {
	switch string(b) {
	case "nan", "-nan", "NaN":
		return math.NaN(), true
	}
	return number.ParseFloat(b)
}

// String prints v as redis-cli --no-raw does, without the final line end, so
// that replies of two servers can be compared as text.
func (v Value) String() string {
	var s strings.Builder
	v.print(&s, "")
	return s.String()
}

// print writes v; prefix is the indentation of lines after the first.
func (v Value) print(s *strings.Builder, prefix string) {
	if v.Null {
		s.WriteString("(nil)")
		return
	}
	switch v.Type {
	case '+', '(', '=':
		s.WriteString(v.Str)
	case '-', '!':
		s.WriteString("(error) " + v.Str)
	case '$':
		s.WriteString(quote(v.Str))
	case ':':
		s.WriteString("(integer) " + strconv.FormatInt(v.Int, 10))
	case ',':
		s.WriteString("(double) " + v.Str)
	case '#':
		s.WriteString("(" + strconv.FormatBool(v.Bool) + ")")
	case '*', '>', '~', '%':
		v.printAggregate(s, prefix)
	default:
		fmt.Fprintf(s, "(unknown type %q)", v.Type)
	}
}

// sigils are what stands behind an element's number, and what is said of an
// aggregate without elements.
var sigils = map[byte]struct{ mark, empty string }{
	'*': {")", "(empty array)"},
	'>': {")", "(empty push)"},
	'~': {"~", "(empty set)"},
	'%': {"#", "(empty hash)"},
}

func (v Value) printAggregate(s *strings.Builder, prefix string) {
	sigil := sigils[v.Type]
	if len(v.Array) == 0 {
		s.WriteString(sigil.empty)
		return
	}
	step := v.step()
	width := len(strconv.Itoa(len(v.Array) / step))
	inner := prefix + strings.Repeat(" ", width+2)
	for i := 0; i < len(v.Array); i += step {
		if i > 0 {
			s.WriteString("\n" + prefix)
		}
		fmt.Fprintf(s, "%*d%s ", width, i/step+1, sigil.mark)
		v.Array[i].print(s, inner)
		if step == 1 || i+1 == len(v.Array) {
			continue
		}
		s.WriteString(" => ")
		value := v.Array[i+1]
		if value.tall() {
			s.WriteString("\n" + inner)
		}
		value.print(s, inner)
	}
}

// tall reports whether v, an aggregate, prints as more than one line.
func (v Value) tall() bool {
	if len(v.Array) > v.step() {
		return true
	}
	for _, e := range v.Array {
		if e.tall() {
			return true
		}
	}
	return false
}

// step returns how many elements of Array make one of the aggregate.
func (v Value) step() int {
	if v.Type == '%' {
		return 2
	}
	return 1
}

const hexDigits = "0123456789abcdef"

// quote writes s as redis-cli does: every byte that is not printable ASCII is
// escaped.
func quote(s string) string {
	b := make([]byte, 0, len(s)+2)
	b = append(b, '"')
	for i := range len(s) {
		c := s[i]
		switch c {
		case '\\', '"':
			b = append(b, '\\', c)
		case '\n':
			b = append(b, '\\', 'n')
		case '\r':
			b = append(b, '\\', 'r')
		case '\t':
			b = append(b, '\\', 't')
		case '\a':
			b = append(b, '\\', 'a')
		case '\b':
			b = append(b, '\\', 'b')
		default:
			if c < ' ' || c > '~' {
				b = append(b, '\\', 'x', hexDigits[c>>4], hexDigits[c&15])
				continue
			}
			b = append(b, c)
		}
	}
	return string(append(b, '"'))
}
