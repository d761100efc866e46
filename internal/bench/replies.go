package bench

import (
	"bytes"
	"errors"
	"fmt"
)

// replyCounter counts complete replies in a stream that arrives in pieces, without keeping them: resp.Reader would
// build a value for each, at a multiple of the cost. It knows the replies of single-key commands and arrays of such (MGET);
// arrays in arrays are an error.
type replyCounter struct {
	line       []byte // the beginning of a line that has not ended yet
	skip       int    // bytes of a bulk string, with its line end, still to come
	open       int    // elements of an array still to come
	failed     int64  // error replies since the owner last set it to 0
	firstError string
}

// count returns how many replies end in data.
func (r *replyCounter) count(data []byte) (replies int, err error) {
	for len(data) > 0 {
		if r.skip > 0 {
			n := min(r.skip, len(data))
			data, r.skip = data[n:], r.skip-n
			if r.skip == 0 {
				replies += r.ended()
			}
			continue
		}
		end := bytes.IndexByte(data, '\n')
		if end < 0 {
			r.line = append(r.line, data...)
			return replies, nil
		}
		line := data[:end]
		if len(r.line) > 0 {
			r.line = append(r.line, line...)
			line = r.line
		}
		data = data[end+1:]
		done, err := r.read(bytes.TrimSuffix(line, []byte{'\r'}))
		if err != nil {
			return replies, err
		}
		if done {
			replies += r.ended()
		}
		r.line = r.line[:0]
	}
	return replies, nil
}

// ended is called at the end of a reply or of an element of one, and returns how many replies end with it.
func (r *replyCounter) ended() int {
	if r.open > 0 {
		r.open--
	}
	if r.open > 0 {
		return 0
	}
	return 1
}

// read takes a whole line; done says that the reply ends with it.
func (r *replyCounter) read(line []byte) (done bool, err error) {
	if len(line) == 0 {
		return false, errors.New("load: an empty line instead of a reply")
	}
	switch line[0] {
	case '+', ':', '_', '#', ',':
		return true, nil
	case '-':
		r.failed++
		if r.firstError == "" {
			r.firstError = string(line[1:])
		}
		return true, nil
	case '$', '*':
		n := 0
		for _, c := range line[1:] {
			if c == '-' { // the null bulk string or array, -1
				return true, nil
			}
			if c < '0' || c > '9' || n > 1<<30 {
				return false, fmt.Errorf("load: not a length: %q", line)
			}
			n = n*10 + int(c-'0')
		}
		if line[0] == '$' {
			r.skip = n + 2
			return false, nil
		}
		if r.open > 0 {
			return false, fmt.Errorf("load: an array in an array: %q", line)
		}
		r.open = n
		return n == 0, nil
	}
	return false, fmt.Errorf("load: unexpected reply %q", line)
}
