package trace

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"time"
)

// headBytes is how much of the unpacked content detection may look at.
const headBytes = 64 << 10

// parser is one format's decoder. next fills in *r, whose fields are preset to "unknown", or returns io.EOF.
// At holds the recorder's own time; Reader makes it relative.
type parser interface {
	next(r *Request) error
}

// Reader yields the requests of one trace in order. It is not for concurrent use.
type Reader struct {
	format  *Format
	parse   parser
	closers []io.Closer   // innermost first
	origin  time.Duration // the first request's time, once started
	started bool
}

// Open opens the trace at path. format names the format, or is empty to have it detected.
func Open(path, format string) (*Reader, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open trace: %w", err)
	}
	r, err := NewReader(f, path, format)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	r.closers = append(r.closers, f)
	return r, nil
}

// NewReader reads a trace from src. name is only a hint for detection; format is as in Open.
func NewReader(src io.Reader, name, format string) (*Reader, error) {
	plain, closer, err := decompress(src)
	if err != nil {
		return nil, fmt.Errorf("trace %s: %w", name, err)
	}
	r := &Reader{}
	if closer != nil {
		r.closers = append(r.closers, closer)
	}
	in := bufio.NewReaderSize(plain, headBytes)
	r.format, err = choose(in, name, format)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("trace %s: %w", name, err), r.Close())
	}
	r.parse = r.format.open(in)
	return r, nil
}

// Format is the trace's format, as detected or as asked for.
func (r *Reader) Format() *Format { return r.format }

// Next fills in *req with the next request. It returns io.EOF after the last one.
func (r *Reader) Next(req *Request) error {
	*req = Request{Key: req.Key[:0], Size: NoSize, At: NoTime, Row: req.Row}
	if err := r.parse.next(req); err != nil {
		if err == io.EOF {
			return err
		}
		return fmt.Errorf("%s trace: %w", r.format.Name, err)
	}
	if req.At == NoTime {
		return nil
	}
	if !r.started {
		r.origin, r.started = req.At, true
	}
	// Recorders with one clock per machine step back now and then: such a request counts as simultaneous with the first.
	req.At = max(0, req.At-r.origin)
	return nil
}

// Close releases the file and the decompressor.
func (r *Reader) Close() error {
	var err error
	for _, c := range r.closers {
		err = errors.Join(err, c.Close())
	}
	r.closers = nil
	return err
}
