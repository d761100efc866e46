package resp

import (
	"unsafe"

	"github.com/curfewkv/curfew/resp/number"
)

// Parser takes requests from the start of a connection's read buffer. It keeps
// offsets, never bytes: between two calls the buffer may move, grow and be
// appended to, but must begin with the same bytes until a request is complete.
//
// The zero value is ready. One goroutine at a time.
//
// A request that is whole in the buffer never gets past fast.go and leaves no
// state. The rest of Parser is for what arrives in pieces or is malformed;
// each byte of that is looked at once, however many calls it takes.
type Parser struct {
	stage stage
	// pos is where the next thing to parse begins: a line, or in stageBulk an
	// argument's bytes.
	pos int
	// seen is how far the line at pos has been searched for its end.
	seen int
	// missing is the number of arguments still to come, bulk the length of the
	// one at pos.
	missing int
	bulk    int
	// spans are the arguments already there.
	spans []span
	err   error
}

// stage is what comes next at Parser.pos.
type stage uint8

const (
	stageStart  stage = iota // a request
	stageInline              // the rest of an inline request
	stageCount               // the rest of the line with the number of arguments
	stageLength              // the line with an argument's length
	stageBulk                // an argument
	stageFailed              // nothing: err is the answer from now on
)

// span is an argument's place in the buffer.
type span struct{ start, end int }

// keptSpans is the capacity of spans that a connection may hold on to when
// idle, so that one huge request is not paid for ever.
const keptSpans = 32

// minHeader is the fewest bytes that announce an argument: $0 and a line end.
const minHeader = 4

// Next parses the request at the start of buf.
//
// Complete: out is args[:0] with the arguments appended, each a slice of buf,
// and n is the request's length. An empty request has n > 0 and no arguments.
// Inline requests are unquoted in place, so buf[:n] changes.
//
// Incomplete: n is 0 and err nil. Call again when buf has more bytes.
//
// Malformed: err is a ProtocolError, and so it stays until Reset.
func (p *Parser) Next(buf []byte, args [][]byte, lim *Limits) (out [][]byte, n int, err error) {
	out = args[:0]
	if p.stage == stageStart {
		if len(buf) == 0 {
			return out, 0, nil
		}
		if buf[0] == '*' {
			if out, n = p.whole(buf, out, lim); n > 0 {
				return out, n, nil
			}
			out = args[:0]
		} else {
			p.stage = stageInline
		}
	}
	return p.resume(buf, out, lim)
}

// Need returns how long buf must be at least for the request to be complete,
// or 0 where that is not known: no argument's length has been read yet, or
// none is outstanding.
func (p *Parser) Need() int {
	if p.stage != stageBulk {
		return 0
	}
	return p.pos + p.bulk + len("\r\n")
}

// Kept returns the bytes that the parser itself takes for an unfinished
// request of many arguments: the places of those that are already there. The
// few that an idle parser may hold on to are not counted.
func (p *Parser) Kept() int { return max(0, cap(p.spans)-keptSpans) * int(unsafe.Sizeof(span{})) }

// Reset forgets an unfinished request or an error.
func (p *Parser) Reset() {
	spans := p.spans[:0]
	if cap(spans) > keptSpans {
		spans = nil
	}
	*p = Parser{spans: spans}
}

// resume continues in whatever stage the parser is, as far as buf goes.
func (p *Parser) resume(buf []byte, out [][]byte, lim *Limits) ([][]byte, int, error) {
	for {
		done := false
		var err error
		switch p.stage {
		case stageInline:
			return p.inline(buf, out, lim)
		case stageCount:
			done, err = p.count(buf, lim)
		case stageLength:
			done, err = p.length(buf, lim)
		case stageBulk:
			done = p.argument(buf)
		case stageFailed:
			return out, 0, p.err
		}
		if err != nil {
			return out, 0, p.fail(err)
		}
		if !done {
			return out, 0, nil
		}
		if p.missing == 0 {
			return p.finish(buf, out)
		}
	}
}

// count reads the line "*<number>".
func (p *Parser) count(buf []byte, lim *Limits) (done bool, err error) {
	line, done, err := p.header(buf, lim, ErrCountTooBig)
	if !done {
		return false, err
	}
	n, ok := number.ParseInt64(line[1:])
	if !ok || n > lim.maxArgs() {
		return false, ErrInvalidCount
	}
	if n > anonymousArgs && lim.anonymous() {
		return false, ErrUnauthenticatedCount
	}
	p.missing = int(max(n, 0))
	p.stage = stageLength
	return true, nil
}

// length reads a line "$<number>".
func (p *Parser) length(buf []byte, lim *Limits) (done bool, err error) {
	line, done, err := p.header(buf, lim, ErrBulkCountTooBig)
	if !done {
		return false, err
	}
	if len(line) == 0 {
		return false, errNoDollar('\r')
	}
	if line[0] != '$' {
		return false, errNoDollar(line[0])
	}
	n, ok := number.ParseInt64(line[1:])
	if !ok || n < 0 || n > lim.maxBulk() {
		return false, ErrInvalidBulk
	}
	if n > anonymousBulk && lim.anonymous() {
		return false, ErrUnauthenticatedBulk
	}
	p.bulk = int(n)
	p.stage = stageBulk
	return true, nil
}

// argument takes the bytes of one argument. As in Redis the two bytes after it
// are skipped unread.
func (p *Parser) argument(buf []byte) (done bool) {
	end := p.pos + p.bulk
	if len(buf)-end < len("\r\n") {
		return false
	}
	p.spans = append(p.spans, span{p.pos, end})
	p.startLine(end + len("\r\n"))
	p.missing--
	p.stage = stageLength
	return true
}

// header returns the line at pos, which ends with '\r' and any one byte, and
// moves pos past it.
func (p *Parser) header(buf []byte, lim *Limits, tooBig error) (line []byte, done bool, err error) {
	end, err := p.lineEnd(buf, '\r', lim.maxInline(), tooBig)
	if end < 0 || end+1 >= len(buf) {
		return nil, false, err
	}
	line = buf[p.pos:end]
	p.startLine(end + len("\r\n"))
	return line, true, nil
}

// lineEnd returns the index of the stop byte that ends the line at pos, or -1
// when it has not come. Redis searches with C's string functions, so a NUL
// hides everything behind it: such a line never ends, and fails once it is
// longer than limit. Redis lets a longer line pass when its end comes in the
// same read; here the answer must not depend on how the bytes were split.
func (p *Parser) lineEnd(buf []byte, stop byte, limit int, tooBig error) (int, error) {
	window := buf
	if len(buf)-p.pos > limit {
		window = buf[:p.pos+limit+1]
	}
	for p.seen < len(window) {
		c := window[p.seen]
		if c == stop {
			return p.seen, nil
		}
		if c == 0 {
			break
		}
		p.seen++
	}
	if len(buf)-p.pos > limit {
		return -1, tooBig
	}
	return -1, nil
}

func (p *Parser) startLine(pos int) { p.pos, p.seen = pos, pos }

// finish hands out the arguments of a complete request.
func (p *Parser) finish(buf []byte, out [][]byte) ([][]byte, int, error) {
	for _, s := range p.spans {
		out = append(out, buf[s.start:s.end:s.end])
	}
	n := p.pos
	p.Reset()
	return out, n, nil
}

func (p *Parser) fail(err error) error {
	p.Reset()
	p.stage, p.err = stageFailed, err
	return err
}
