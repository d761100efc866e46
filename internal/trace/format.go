package trace

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
)

// Format is one way to write a trace.
type Format struct {
	Name    string // for --format
	Summary string // one line for help texts
	// matches says whether content that begins with head is in this format. path is the file's lower-case path.
	matches func(path string, head []byte) bool
	open    func(in *bufio.Reader) parser
}

// formats holds every format, the more particular ones first: the first match wins.
var formats = []*Format{
	mooncakeFormat, bigcacheFormat, kvcacheFormat, twitterFormat, addressFormat,
	arcFormat, adaptsizeFormat, lirsFormat, textFormat, int32Format, int64Format,
}

// Formats lists all formats in the order of detection.
func Formats() []*Format { return formats }

// ErrFormat says that no format fits the content, or that there is none of the given name.
var ErrFormat = errors.New("unknown trace format")

// choose returns the format called name, or without a name the first one that fits what in holds.
func choose(in *bufio.Reader, path, name string) (*Format, error) {
	if name != "" {
		for _, f := range formats {
			if f.Name == name {
				return f, nil
			}
		}
		return nil, fmt.Errorf("%w %q (there are: %s)", ErrFormat, name, strings.Join(formatNames(), ", "))
	}
	head, err := in.Peek(headBytes)
	if err != nil && err != io.EOF {
		return nil, err
	}
	path = strings.ToLower(filepath.ToSlash(path))
	for _, f := range formats {
		if f.matches(path, head) {
			return f, nil
		}
	}
	return nil, fmt.Errorf("%w: the content fits none of %s", ErrFormat, strings.Join(formatNames(), ", "))
}

func formatNames() []string {
	names := make([]string, len(formats))
	for i, f := range formats {
		names[i] = f.Name
	}
	return names
}

// isText tells text from big-endian numbers: no control characters but white space.
func isText(head []byte) bool {
	for _, c := range head {
		if c < ' ' && c != '\n' && c != '\r' && c != '\t' {
			return false
		}
	}
	return len(head) > 0
}

// firstLine returns the first line of head that is not blank.
func firstLine(head []byte) []byte {
	for len(head) > 0 {
		line, rest, _ := bytes.Cut(head, []byte{'\n'})
		if line = bytes.TrimSpace(line); len(line) > 0 {
			return line
		}
		head = rest
	}
	return nil
}

// integerColumns returns how many columns of integers the first line has, and 0 if any column is something else.
func integerColumns(head []byte) int {
	if !isText(head) {
		return 0
	}
	columns := bytes.Fields(firstLine(head))
	for _, c := range columns {
		if _, ok := parseInt(c); !ok {
			return 0
		}
	}
	return len(columns)
}
