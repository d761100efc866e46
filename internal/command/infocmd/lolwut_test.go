package infocmd_test

import (
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/curfewkv/curfew/internal/command"
)

func TestLolwutEndsWithTheVersion(t *testing.T) {
	s := fresh(t)
	s.Session.SetProto(3)
	for _, args := range []string{"lolwut", "lolwut version 5", "LOLWUT VERSION 6 40 10", "lolwut 20", "lolwut 20 10"} {
		v := s.Value(strings.Fields(args)...)
		if v.Type != '=' || v.Format != "txt" || !strings.HasSuffix(v.Str, "\nRedis ver. "+command.Version+", as Curfew keeps it\n") {
			t.Errorf("%s: %c%s %q", args, v.Type, v.Format, v.Str)
		}
	}
	for _, args := range []string{"lolwut version x", "lolwut version", "lolwut x", "lolwut 10 x", "lolwut version 5 1.5"} {
		if got := s.Text(strings.Fields(args)...); got != "-"+command.ErrNotInteger.Error() {
			t.Errorf("%s: %s", args, got)
		}
	}
}

func TestLolwutKeepsToItsBounds(t *testing.T) {
	s := fresh(t)
	for _, c := range []struct{ columns, rows, width, height int64 }{
		{40, 20, 40, 20}, {0, 0, 12, 6}, {-5, 9, 12, 9}, {1 << 62, 1 << 62, 160, 80},
	} {
		v := s.Value("lolwut", fmt.Sprint(c.columns), fmt.Sprint(c.rows))
		lines := strings.Split(v.Str, "\n")
		// The picture, an empty line, the time, an empty line, the version, and what is behind the last line end.
		if len(lines) != int(c.height)+5 {
			t.Errorf("%d rows: %d lines", c.rows, len(lines))
		}
		for _, l := range lines[:c.height] {
			if utf8.RuneCountInString(l) != int(c.width) {
				t.Errorf("%d columns: %q", c.columns, l)
			}
		}
	}
}

// dots counts the dots of lines of Braille characters.
func dots(lines []string) int {
	n := 0
	for _, l := range lines {
		for _, r := range l {
			for bits := r - 0x2800; bits > 0; bits &= bits - 1 {
				n++
			}
		}
	}
	return n
}

func TestLolwutLetsTheSandRunWithTheHour(t *testing.T) {
	s := fresh(t)
	const rows = 17
	above, below := 1<<30, 0
	for range 4 {
		lines := strings.Split(s.Value("lolwut").Str, "\n")
		if a, b := dots(lines[:rows/2]), dots(lines[rows/2:rows]); a >= above || b <= below {
			t.Errorf("%s: %d dots above after %d, %d below after %d", lines[rows+1], a, above, b, below)
		} else {
			above, below = a, b
		}
		s.Clock.Advance(14 * time.Minute)
	}
	s.Clock.Advance(4*time.Minute + 3*time.Second)
	if text := s.Value("lolwut").Str; !strings.Contains(text, "\n13:00:03 UTC, the hour ends in 59:57\n") {
		t.Errorf("it is not 13:00:03 in %q", text)
	}
}
