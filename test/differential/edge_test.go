package differential

import (
	"embed"
	"fmt"
	"path"
	"strconv"
	"strings"
	"testing"
	"time"
)

//go:embed testdata/*.txt
var edgeFiles embed.FS

// TestEdgeCases runs the sequences of testdata/*.txt on both servers. A file holds cases divided by empty lines:
//
//	# name of the case
//	SET k "quoted as in Go\x00" EX 10
//	B> GET k                             on the second connection
//	SET big x*1000                       a word repeated
//	SET k v EXAT {now+100}               seconds since 1970, 100 s from now; {ms+100} the same in milliseconds
//	{wait 50}                            let 50 ms pass
//
// Both servers start a case empty. The replies, and the keyspace notifications at the end, must be equal.
func TestEdgeCases(t *testing.T) {
	p := newPair(t)
	defer p.end()
	entries, err := edgeFiles.ReadDir("testdata")
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		text, err := edgeFiles.ReadFile(path.Join("testdata", entry.Name()))
		if err != nil {
			t.Fatal(err)
		}
		t.Run(strings.TrimSuffix(entry.Name(), ".txt"), func(t *testing.T) {
			for block := range strings.SplitSeq(string(text), "\n\n") {
				runCase(t, p, strings.TrimSpace(block))
			}
		})
	}
}

func runCase(t *testing.T, p *pair, block string) {
	title, commands, _ := strings.Cut(block, "\n")
	name, ok := strings.CutPrefix(title, "# ")
	if !ok {
		t.Fatalf("a case does not begin with its name: %q", block)
	}
	if strings.TrimSpace(commands) == "" {
		return // a comment
	}
	t.Run(name, func(t *testing.T) {
		if err := p.begin(); err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(commands) {
			if why, missing := notThere[strings.Fields(line)[0]]; missing {
				t.Skipf("%s: %s", strings.Fields(line)[0], why)
			}
			if err := runLine(p, strings.TrimSpace(line)); err != nil {
				t.Fatal(p.explain(err))
			}
		}
		if err := p.notifications(); err != nil {
			t.Fatal(p.explain(err))
		}
	})
}

func runLine(p *pair, line string) error {
	client := 0
	if rest, ok := strings.CutPrefix(line, "B> "); ok {
		client, line = 1, rest
	}
	if ms, ok := strings.CutPrefix(line, "{wait "); ok {
		n, err := strconv.Atoi(strings.TrimSuffix(ms, "}"))
		if err != nil {
			return err
		}
		time.Sleep(time.Duration(n) * time.Millisecond)
		return p.reap()
	}
	args, err := splitLine(line, time.Now())
	if err != nil {
		return fmt.Errorf("%s: %w", line, err)
	}
	return p.do(client, args)
}

// splitLine divides a line of a case into arguments.
func splitLine(line string, now time.Time) ([]string, error) {
	var args []string
	for rest := strings.TrimSpace(line); rest != ""; rest = strings.TrimLeft(rest, " ") {
		if rest[0] == '"' {
			text, err := strconv.QuotedPrefix(rest)
			if err != nil {
				return nil, err
			}
			arg, err := strconv.Unquote(text)
			if err != nil {
				return nil, err
			}
			args, rest = append(args, arg), rest[len(text):]
			continue
		}
		word, after, _ := strings.Cut(rest, " ")
		rest = after
		if text, times, ok := strings.Cut(word, "*"); ok && text != "" {
			if n, err := strconv.Atoi(times); err == nil {
				word = strings.Repeat(text, n)
			}
		}
		if offset, ok := strings.CutPrefix(word, "{now"); ok {
			n, err := strconv.ParseInt(strings.TrimSuffix(offset, "}"), 10, 64)
			if err != nil {
				return nil, err
			}
			word = strconv.FormatInt(now.Unix()+n, 10)
		} else if offset, ok := strings.CutPrefix(word, "{ms"); ok {
			n, err := strconv.ParseInt(strings.TrimSuffix(offset, "}"), 10, 64)
			if err != nil {
				return nil, err
			}
			word = strconv.FormatInt(now.UnixMilli()+n, 10)
		}
		args = append(args, word)
	}
	return args, nil
}

func TestLinesOfCasesAreSplit(t *testing.T) {
	now := time.UnixMilli(1_700_000_000_500)
	for line, want := range map[string]string{
		`SET k v`:              `["SET" "k" "v"]`,
		`SET "a b" "\x00\r\n"`: `["SET" "a b" "\x00\r\n"]`,
		`SET k x*3 "x*3"`:      `["SET" "k" "xxx" "x*3"]`,
		`KEYS k* *`:            `["KEYS" "k*" "*"]`,
		`EXPIREAT k {now+10}`:  `["EXPIREAT" "k" "1700000010"]`,
		`PEXPIREAT k {ms-500}`: `["PEXPIREAT" "k" "1700000000000"]`,
		`SET "" ""`:            `["SET" "" ""]`,
	} {
		args, err := splitLine(line, now)
		if got := fmt.Sprintf("%q", args); err != nil || got != want {
			t.Errorf("%s: %s, %v, want %s", line, got, err, want)
		}
	}
}
