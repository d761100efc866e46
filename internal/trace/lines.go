package trace

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

// maxLine bounds a text row. Mooncake's rows list one number per block and reach some tens of KB.
const maxLine = 4 << 20

// lines reads text rows.
type lines struct {
	in   *bufio.Reader
	long []byte // holds rows longer than in's buffer
	row  int
}

// next returns the next row that is not blank, without white space at its ends. It is valid until the next call.
func (l *lines) next() ([]byte, error) {
	for {
		line, err := l.read()
		if err != nil {
			return nil, err
		}
		l.row++
		if line = bytes.TrimSpace(line); len(line) > 0 {
			return line, nil
		}
	}
}

func (l *lines) read() ([]byte, error) {
	line, err := l.in.ReadSlice('\n')
	if err == nil || (err == io.EOF && len(line) > 0) {
		return line, nil
	}
	if !errors.Is(err, bufio.ErrBufferFull) {
		return nil, err
	}
	l.long = append(l.long[:0], line...)
	for errors.Is(err, bufio.ErrBufferFull) {
		line, err = l.in.ReadSlice('\n')
		if len(l.long)+len(line) > maxLine {
			return nil, fmt.Errorf("row %d is longer than %d bytes", l.row+1, maxLine)
		}
		l.long = append(l.long, line...)
	}
	if err == io.EOF {
		err = nil
	}
	return l.long, err
}

// errorf reports a malformed row.
func (l *lines) errorf(format string, args ...any) error {
	return fmt.Errorf("row %d: %s", l.row, fmt.Sprintf(format, args...))
}

// parseInt reads a decimal integer without allocating, which strconv cannot do from bytes.
func parseInt(b []byte) (int64, bool) {
	negative := len(b) > 0 && b[0] == '-'
	if negative {
		b = b[1:]
	}
	if len(b) == 0 || len(b) > 18 { // 18 digits always fit
		return 0, false
	}
	var n int64
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	if negative {
		n = -n
	}
	return n, true
}

// parseInts reads the white-space separated integers of line into into; ok is false unless there are exactly as many.
func parseInts(line []byte, into []int64) (ok bool) {
	i := 0
	for field := range bytes.FieldsSeq(line) {
		if i == len(into) {
			return false
		}
		n, ok := parseInt(field)
		if !ok {
			return false
		}
		into[i] = n
		i++
	}
	return i == len(into)
}
