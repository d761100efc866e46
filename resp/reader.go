package resp

import (
	"bufio"
	"errors"
	"fmt"
	"io"

	"github.com/curfewkv/curfew/resp/number"
)

// ErrMalformed is wrapped by the errors of a Reader that met bytes which are no
// reply, or exceed its bounds. The stream cannot be read on.
var ErrMalformed = errors.New("resp: malformed reply")

const (
	// maxReplyDepth bounds nesting, and with it the reader's recursion.
	maxReplyDepth = 128
	// maxReplyLine bounds simple strings, errors and big numbers, in bytes.
	maxReplyLine = 1 << 20
	// maxReplyBulk bounds bulk strings, in bytes: Redis's limit for values.
	maxReplyBulk = 512<<20 + len("txt:")
	// maxReplyCount bounds the announced elements of one aggregate.
	maxReplyCount = 1 << 30
	// trustedBytes and trustedElements are what an announced length or count is
	// given room for before the data has come. A Value is some 150 bytes, and
	// aggregates nest.
	trustedBytes    = 64 << 10
	trustedElements = 16
)

// Reader reads replies of RESP2 and RESP3 from a stream. It does not know
// RESP3's streamed strings and aggregates ("$?"), which no server sends.
type Reader struct {
	r    *bufio.Reader
	line []byte
}

// NewReader returns a Reader with a buffer of its own: it may read ahead.
func NewReader(r io.Reader) *Reader {
	return &Reader{r: bufio.NewReaderSize(r, 16<<10)}
}

// Buffered returns the number of bytes that were read ahead.
func (r *Reader) Buffered() int { return r.r.Buffered() }

// Read returns the next reply. At the end of the stream between replies the
// error is io.EOF, within one io.ErrUnexpectedEOF.
func (r *Reader) Read() (Value, error) {
	if _, err := r.r.Peek(1); err != nil {
		return Value{}, err
	}
	v, err := r.value(0)
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return v, err
}

func (r *Reader) value(depth int) (Value, error) {
	var attr []Value
	for {
		line, err := r.readLine()
		if err != nil {
			return Value{}, err
		}
		if len(line) == 0 {
			return Value{}, malformed("empty line")
		}
		if depth > maxReplyDepth {
			return Value{}, malformed("nested deeper than %d", maxReplyDepth)
		}
		if line[0] != '|' {
			v, err := r.typed(line[0], line[1:], depth)
			v.Attr = attr
			return v, err
		}
		more, err := r.aggregate(Value{Type: '|'}, line[1:], depth)
		if err != nil {
			return Value{}, err
		}
		if len(attr)+len(more.Array) > maxReplyCount {
			return Value{}, malformed("too many attributes")
		}
		attr = append(attr, more.Array...)
	}
}

// typed reads the value that kind and the rest of its first line announce.
func (r *Reader) typed(kind byte, rest []byte, depth int) (Value, error) {
	v := Value{Type: kind}
	switch kind {
	case '+', '-':
		v.Str = string(rest)
		return v, nil
	case '$', '!', '=':
		return r.bulk(v, rest)
	case '*', '%', '~', '>':
		return r.aggregate(v, rest, depth)
	}
	return scalar(v, rest)
}

// scalar reads the types that are one line.
func scalar(v Value, text []byte) (Value, error) {
	ok := false
	switch v.Type {
	case ':':
		v.Int, ok = parseSigned(text)
	case ',':
		v.Str = string(text)
		v.Float, ok = parseDouble(text)
	case '#':
		v.Bool = string(text) == "t"
		ok = v.Bool || string(text) == "f"
	case '_':
		v.Null, ok = true, len(text) == 0
	case '(':
		v.Str, ok = string(text), isBigNumber(text)
	default:
		return v, malformed("unknown type %q", v.Type)
	}
	if !ok {
		return v, malformed("%q as %c", text, v.Type)
	}
	return v, nil
}

// bulk reads the bytes of a bulk string, error or verbatim string.
func (r *Reader) bulk(v Value, length []byte) (Value, error) {
	n, ok := parseSigned(length)
	if v.Type == '$' && ok && n == -1 {
		v.Null = true
		return v, nil
	}
	if !ok || n < 0 || n > int64(maxReplyBulk) {
		return v, malformed("length %q", length)
	}
	b, err := r.readN(int(n))
	if err != nil {
		return v, err
	}
	if v.Type == '=' {
		if len(b) < 4 || b[3] != ':' {
			return v, malformed("verbatim string without format")
		}
		v.Format, b = string(b[:3]), b[4:]
	}
	v.Str = string(b)
	return v, nil
}

// aggregate reads the elements of an array, set, push, map or attribute.
func (r *Reader) aggregate(v Value, count []byte, depth int) (Value, error) {
	n, ok := parseSigned(count)
	if v.Type == '*' && ok && n == -1 {
		v.Null = true
		return v, nil
	}
	if !ok || n < 0 || n > maxReplyCount {
		return v, malformed("count %q", count)
	}
	if v.Type == '%' || v.Type == '|' {
		n *= 2
	}
	v.Array = make([]Value, 0, min(int(n), trustedElements))
	for range n {
		e, err := r.value(depth + 1)
		if err != nil {
			return v, err
		}
		v.Array = append(v.Array, e)
	}
	return v, nil
}

// readN reads n bytes and the line end behind them.
func (r *Reader) readN(n int) ([]byte, error) {
	b := make([]byte, 0, min(n, trustedBytes))
	for len(b) < n {
		step := min(n-len(b), max(len(b), trustedBytes))
		b = append(b, make([]byte, step)...)
		if _, err := io.ReadFull(r.r, b[len(b)-step:]); err != nil {
			return nil, err
		}
	}
	var end [2]byte
	if _, err := io.ReadFull(r.r, end[:]); err != nil {
		return nil, err
	}
	if string(end[:]) != "\r\n" {
		return nil, malformed("%q after a string", end[:])
	}
	return b, nil
}

// readLine returns the next line without its end; valid until the next read.
func (r *Reader) readLine() ([]byte, error) {
	line, err := r.r.ReadSlice('\n')
	if err == bufio.ErrBufferFull {
		r.line = r.line[:0]
		for err == bufio.ErrBufferFull && len(r.line) <= maxReplyLine {
			r.line = append(r.line, line...)
			line, err = r.r.ReadSlice('\n')
		}
		r.line = append(r.line, line...)
		line = r.line
	}
	if len(line) > maxReplyLine {
		return nil, malformed("line longer than %d", maxReplyLine)
	}
	if err != nil {
		return nil, err
	}
	n := len(line) - len("\r\n")
	if n < 0 || line[n] != '\r' {
		return nil, malformed("line ends without CR")
	}
	return line[:n], nil
}

// parseSigned reads an integer; unlike requests, replies may carry a plus.
func parseSigned(b []byte) (int64, bool) {
	if len(b) > 1 && b[0] == '+' && b[1] != '-' {
		b = b[1:]
	}
	return number.ParseInt64(b)
}

func isBigNumber(b []byte) bool {
	if len(b) > 0 && (b[0] == '-' || b[0] == '+') {
		b = b[1:]
	}
	for _, c := range b {
		if c < '0' || c > '9' {
			return false
		}
	}
	return len(b) > 0
}

func malformed(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrMalformed}, args...)...)
}
