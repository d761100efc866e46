package lifetime

import (
	"encoding"
	"net"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// words are the arguments of a command as go-redis holds them: the name first, values of any type that it can write.
type words []any

// text is the argument as it goes over the wire; "" also for what go-redis cannot write, because it fails then itself.
func (w words) text(i int) string {
	if i < 0 || i >= len(w) {
		return ""
	}
	switch v := w[i].(type) {
	case string:
		return v
	case []byte:
		return string(v)
	case int:
		return strconv.Itoa(v)
	case int64:
		return strconv.FormatInt(v, 10)
	}
	return rareText(w[i])
}

// rareText is for the types that callers of Do may use but commands hardly do. Its order is that of go-redis's writer:
// a Duration is a number of nanoseconds although it is a Stringer.
func rareText(arg any) string {
	switch v := arg.(type) {
	case bool:
		if v {
			return "1"
		}
		return "0"
	case time.Time:
		return v.Format(time.RFC3339Nano)
	case encoding.BinaryMarshaler:
		if b, err := v.MarshalBinary(); err == nil {
			return string(b)
		}
		return ""
	case net.IP:
		return string(v)
	}
	switch v := reflect.ValueOf(arg); v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			return rareText(v.Elem().Interface())
		}
	case reflect.String:
		return v.String()
	case reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64, reflect.Int:
		return strconv.FormatInt(v.Int(), 10)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return strconv.FormatUint(v.Uint(), 10)
	case reflect.Float32, reflect.Float64:
		return strconv.FormatFloat(v.Float(), 'f', -1, 64)
	}
	return ""
}

// word is an argument in upper case, as options and subcommands are compared.
func (w words) word(i int) string { return strings.ToUpper(w.text(i)) }

// number reads an argument as an integer.
func (w words) number(i int) (int64, bool) {
	n, err := strconv.ParseInt(w.text(i), 10, 64)
	return n, err == nil
}

// find returns the position of the first option of this name at or after from; -1: there is none.
func (w words) find(from int, option string) int {
	for i := from; i < len(w); i++ {
		if w.word(i) == option {
			return i
		}
	}
	return -1
}

// from returns the texts of every step-th argument from the i-th on.
func (w words) from(i, step int) []string {
	var texts []string
	for ; i < len(w); i += step {
		texts = append(texts, w.text(i))
	}
	return texts
}

// counted returns the texts of the arguments after the i-th, which says how many there are, each step arguments long.
func (w words) counted(i, step int) []string {
	n, ok := w.number(i)
	if !ok || n < 0 || n > int64(len(w)) {
		return nil
	}
	end := min(len(w), i+1+int(n)*step)
	return w[:end].from(i+1, step)
}
