package rig

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// A Reply is one complete RESP value, with the exact bytes that it came in.
type Reply struct {
	Raw   []byte
	Kind  byte    // the type byte: + - : $ * _ , # ! = ( % ~ > |
	Text  string  // simple strings, errors, numbers, bulk strings; empty for nil and aggregates
	Nil   bool    // $-1, *-1 or _
	Items []Reply // elements of aggregates; maps and attributes as key, value, key, value
	Attr  *Reply  // the attribute in front of the value, if one came
}

// maxDepth bounds nesting, so that a broken server fails the test instead of the stack.
const maxDepth = 64

// ReadReply reads one value.
func ReadReply(r *bufio.Reader) (Reply, error) { return readReply(r, 0) }

func readReply(r *bufio.Reader, depth int) (Reply, error) {
	if depth > maxDepth {
		return Reply{}, fmt.Errorf("more than %d levels", maxDepth)
	}
	line, err := r.ReadBytes('\n')
	if err != nil {
		return Reply{Raw: line}, err
	}
	if len(line) < 3 || line[len(line)-2] != '\r' {
		return Reply{Raw: line}, fmt.Errorf("not a RESP line: %q", line)
	}
	reply := Reply{Raw: line, Kind: line[0]}
	text := string(line[1 : len(line)-2])
	switch reply.Kind {
	case '+', '-', ':', ',', '#', '(':
		reply.Text = text
		return reply, nil
	case '_':
		reply.Nil = true
		return reply, nil
	case '$', '!', '=':
		return readBulk(r, reply, text)
	case '*', '~', '>', '%', '|':
		return readItems(r, reply, text, depth)
	}
	return reply, fmt.Errorf("unknown type byte in %q", line)
}

func readBulk(r *bufio.Reader, reply Reply, text string) (Reply, error) {
	n, err := strconv.Atoi(text)
	if err != nil || n < -1 {
		return reply, fmt.Errorf("bad length in %q", reply.Raw)
	}
	if n == -1 {
		reply.Nil = true
		return reply, nil
	}
	body := make([]byte, n+2)
	if _, err := io.ReadFull(r, body); err != nil {
		return reply, err
	}
	if !bytes.HasSuffix(body, []byte("\r\n")) {
		return reply, fmt.Errorf("bulk of %d bytes is not followed by CRLF", n)
	}
	reply.Raw = append(reply.Raw, body...)
	reply.Text = string(body[:n])
	return reply, nil
}

func readItems(r *bufio.Reader, reply Reply, text string, depth int) (Reply, error) {
	n, err := strconv.Atoi(text)
	if err != nil || n < -1 {
		return reply, fmt.Errorf("bad length in %q", reply.Raw)
	}
	if n == -1 {
		reply.Nil = true
		return reply, nil
	}
	if reply.Kind == '%' || reply.Kind == '|' {
		n *= 2
	}
	for range n {
		item, err := readReply(r, depth+1)
		if err != nil {
			return reply, err
		}
		reply.Raw = append(reply.Raw, item.Raw...)
		reply.Items = append(reply.Items, item)
	}
	if reply.Kind != '|' {
		return reply, nil
	}
	value, err := readReply(r, depth)
	if err != nil {
		return reply, err
	}
	value.Raw = append(reply.Raw, value.Raw...)
	value.Attr = &reply
	return value, nil
}

// IsError reports whether the reply is an error.
func (r Reply) IsError() bool { return r.Kind == '-' || r.Kind == '!' }

// Int returns the number of an integer reply.
func (r Reply) Int() (int64, bool) {
	if r.Kind != ':' {
		return 0, false
	}
	n, err := strconv.ParseInt(r.Text, 10, 64)
	return n, err == nil
}

// String shows the reply for a person: structure, quoted bytes, type bytes where they matter.
func (r Reply) String() string {
	switch {
	case r.Nil:
		return "nil(" + string(r.Kind) + ")"
	case r.Kind == '$':
		return abbreviated(strconv.Quote(r.Text))
	case r.Kind == ':':
		return r.Text
	case r.Kind == '+' || r.Kind == '-':
		return string(r.Kind) + r.Text
	case r.Kind == '*' || r.Kind == '~' || r.Kind == '>' || r.Kind == '%':
		parts := make([]string, len(r.Items))
		for i, item := range r.Items {
			parts[i] = item.String()
		}
		return string(r.Kind) + "[" + abbreviated(strings.Join(parts, " ")) + "]"
	}
	return string(r.Kind) + abbreviated(strconv.Quote(r.Text))
}

func abbreviated(s string) string {
	if len(s) > 400 {
		return fmt.Sprintf("%s...(%d more)", s[:400], len(s)-400)
	}
	return s
}
