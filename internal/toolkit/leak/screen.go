package leak

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"golang.org/x/term"

	"github.com/curfewkv/curfew/internal/toolkit/output"
)

// screen shows looks and events: on a terminal two curves that are drawn again and again, under what happened; elsewhere a
// line each second. It is for one goroutine at a time.
type screen struct {
	out     io.Writer // nil: nobody looks
	live    bool
	width   int
	options Options
	history []look
	drawn   int           // lines of the curves that stand on the terminal
	told    time.Duration // when the last line was written
}

const (
	lineEvery   = time.Second
	eventIndent = 9 // columns of the time before an event
)

func newScreen(o Options) *screen {
	s := &screen{options: o, width: 80}
	if o.Quiet || o.Out == nil {
		return s
	}
	s.out, s.live = o.Out, output.IsTerminal(o.Out)
	if s.live {
		if width, _, err := term.GetSize(int(o.Out.(*os.File).Fd())); err == nil && width >= 40 {
			s.width = min(width, 160)
		}
	}
	return s
}

// event tells what happened; it stays.
func (s *screen) event(at time.Duration, format string, args ...any) {
	if s.out == nil {
		return
	}
	s.erase()
	text := fmt.Sprintf(format, args...)
	if s.live {
		alarm := strings.HasPrefix(text, "ALARM")
		text = wrapped(text, s.width-eventIndent)
		if alarm {
			text = "\x1b[1;31m" + text + "\x1b[0m"
		}
	}
	fmt.Fprintf(s.out, "%6.1fs  %s\n", at.Seconds(), text)
	s.draw()
}

func (s *screen) look(l look) {
	if s.out == nil {
		return
	}
	s.history = append(s.history, l)
	if s.live {
		s.erase()
		s.draw()
		return
	}
	if l.at-s.told >= lineEvery {
		s.told = l.at
		fmt.Fprintf(s.out, "%6.1fs  memory %s, %s keys, %s without a TTL\n", l.at.Seconds(), mib(l.bytes), humanize.Comma(l.keys), humanize.Comma(l.noTTL))
	}
}

// close takes the curves away; the summary follows.
func (s *screen) close() {
	if s.out != nil {
		s.erase()
	}
}

func (s *screen) erase() {
	if s.drawn > 0 {
		fmt.Fprintf(s.out, "\x1b[%dA\x1b[J", s.drawn)
		s.drawn = 0
	}
}

func (s *screen) draw() {
	if !s.live || len(s.history) == 0 {
		return
	}
	last := s.history[len(s.history)-1]
	room := s.width - 34
	lines := []string{
		"",
		fmt.Sprintf(" memory       %10s  %s", mib(last.bytes), s.curve(room, func(l look) int64 { return l.bytes })),
		fmt.Sprintf(" without TTL  %10s  %s", humanize.Comma(last.noTTL), s.curve(room, func(l look) int64 { return l.noTTL })),
		fmt.Sprintf(" keys         %10s  %s", humanize.Comma(last.keys), s.curve(room, func(l look) int64 { return l.keys })),
		fmt.Sprintf(" %.1fs", last.at.Seconds()),
	}
	fmt.Fprintln(s.out, strings.Join(lines, "\n"))
	s.drawn = len(lines)
}

// curve draws the whole time in so many columns, each the highest of its time, to the scale of the highest of all.
func (s *screen) curve(width int, of func(look) int64) string {
	const steps = "▁▂▃▄▅▆▇█"
	levels := []rune(steps)
	columns := make([]int64, min(width, len(s.history)))
	top := int64(1)
	for i, l := range s.history {
		column := i * len(columns) / len(s.history)
		columns[column] = max(columns[column], of(l))
		top = max(top, columns[column])
	}
	var b strings.Builder
	for _, v := range columns {
		if v == 0 {
			b.WriteByte(' ')
			continue
		}
		b.WriteRune(levels[min(len(levels)-1, int(v*int64(len(levels))/(top+1)))])
	}
	return b.String()
}

// wrapped breaks a text between words, and sets what follows under its begin.
func wrapped(text string, width int) string {
	var b strings.Builder
	column := 0
	for i, word := range strings.Fields(text) {
		switch {
		case i == 0:
		case column+1+len(word) > width:
			b.WriteString("\n" + strings.Repeat(" ", eventIndent))
			column = 0
		default:
			b.WriteByte(' ')
			column++
		}
		b.WriteString(word)
		column += len(word)
	}
	return b.String()
}

func mib(bytes int64) string { return fmt.Sprintf("%.1f MiB", float64(bytes)/(1<<20)) }
