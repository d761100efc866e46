package rig

import (
	"bufio"
	"io"
	"strings"
	"testing"
)

func TestRepliesKeepTheirBytes(t *testing.T) {
	for raw, shown := range map[string]string{
		"+OK\r\n":                     "+OK",
		"-ERR no\r\n":                 "-ERR no",
		":-12\r\n":                    "-12",
		"$3\r\na\r\n\r\n":             `"a\r\n"`,
		"$-1\r\n":                     "nil($)",
		"*-1\r\n":                     "nil(*)",
		"_\r\n":                       "nil(_)",
		"*2\r\n:1\r\n*1\r\n+a\r\n":    "*[1 *[+a]]",
		"%1\r\n$1\r\nk\r\n#t\r\n":     `%["k" #"t"]`,
		">2\r\n+a\r\n$0\r\n\r\n":      `>[+a ""]`,
		"=7\r\ntxt:abc\r\n":           `="txt:abc"`,
		",3.5\r\n":                    `,"3.5"`,
		"|1\r\n+a\r\n:1\r\n+real\r\n": "+real",
	} {
		r := bufio.NewReader(strings.NewReader(raw + "+NEXT\r\n"))
		reply, err := ReadReply(r)
		if err != nil {
			t.Errorf("%q: %v", raw, err)
			continue
		}
		if string(reply.Raw) != raw || reply.String() != shown {
			t.Errorf("%q: raw %q, shown as %s, want %s", raw, reply.Raw, reply, shown)
		}
		if next, err := ReadReply(r); err != nil || next.Text != "NEXT" {
			t.Errorf("%q: what follows is %v, %v", raw, next, err)
		}
	}
}

func TestBrokenRepliesAreErrors(t *testing.T) {
	for _, raw := range []string{"", "+OK", "+OK\n", "$3\r\nabcde", "$3\r\nabcdef\r\n", "$-2\r\n", "*x\r\n", "?\r\n", "*2\r\n:1\r\n", strings.Repeat("*1\r\n", 100)} {
		if reply, err := ReadReply(bufio.NewReader(strings.NewReader(raw))); err == nil {
			t.Errorf("%q is read as %v", raw, reply)
		}
	}
}

func TestRedisAnswers(t *testing.T) {
	s := Redis(t)
	c, err := Dial(s)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if reply, err := c.Do("ECHO", "a\r\nb"); err != nil || reply.Text != "a\r\nb" {
		t.Fatalf("%v, %v", reply, err)
	}
	if rss, err := s.RSS(); err != nil || rss < 1<<20 {
		t.Errorf("rss %d, %v", rss, err)
	}
	s.Stop()
	if _, err := c.Read(); err != io.EOF || s.Alive() {
		t.Errorf("after Stop: %v, alive %v", err, s.Alive())
	}
	if err := s.Restart(); err != nil {
		t.Error(err)
	}
}
