package config

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestCommentsBehindValuesAreComments(t *testing.T) {
	r := full()
	text := `# a cache
maxmemory 4gb                     # what this machine can spare
maxmemory-policy allkeys-lru      # a good start for a cache
maxmemory-samples 5               # 10 is closer to true LRU, it's dearer
	lazyfree-lazy-eviction yes         # in the background
lazyfree-lazy-expire yes # "quoted" here
save 60 1 # often
save 90 2 #often
requirepass #secret
masterauth "a # b"
user alice on #aa ~*
proc-title-template "{title} #1" # say "hi
`
	if err := r.LoadReader(strings.NewReader(text), "test"); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"maxmemory": "4294967296", "maxmemory-policy": "allkeys-lru", "maxmemory-samples": "5", "lazyfree-lazy-eviction": "yes",
		"lazyfree-lazy-expire": "yes", "save": "60 1 90 2", "requirepass": "#secret", "masterauth": "a # b", "proc-title-template": "{title} #1",
	} {
		if got := get(t, r, name); got != want {
			t.Errorf("%s = %q, want %q", name, got, want)
		}
	}
}

func TestErrorsNameTheLineInRedisForm(t *testing.T) {
	r := full()
	err := r.LoadReader(strings.NewReader("# one\nhz 10\n  maxmemory 1xb  \n"), "test")
	var le *LoadError
	if !errors.As(err, &le) {
		t.Fatalf("LoadReader = %v", err)
	}
	want := "\n*** FATAL CONFIG FILE ERROR (Curfew 7.4.0) ***\nReading the configuration file, at line 3\n>>> 'maxmemory 1xb'\nargument must be a memory value\n"
	if le.Fatal() != want {
		t.Errorf("Fatal = %q,\nwant %q", le.Fatal(), want)
	}
	if want := "config: test, line 3: argument must be a memory value"; err.Error() != want {
		t.Errorf("Error = %q, want %q", err, want)
	}
	err = r.LoadArgs([]string{"--hz", "10", "--maxmemory", "x y"})
	if !errors.As(err, &le) || !strings.Contains(le.Fatal(), "Reading the command line, at option 2\n>>> 'maxmemory \"x y\"'\n") {
		t.Errorf("LoadArgs = %v", err)
	}
	err = r.LoadFile(filepath.Join(t.TempDir(), "none"))
	if !errors.As(err, &le) || !strings.Contains(le.Fatal(), "Fatal error, can't open config file") || !errors.Is(err, os.ErrNotExist) {
		t.Errorf("LoadFile = %v", err)
	}
}

func TestErrorsOfIncludedFilesNameThem(t *testing.T) {
	dir := WriteCases(t)
	main := WriteFile(t, filepath.Join(dir, "main"), "hz 10\ninclude "+dir+"/bad.conf\n")
	err := full().LoadFile(main)
	var le *LoadError
	if !errors.As(err, &le) || le.Line != 3 || le.Source != filepath.Join(dir, "bad.conf") {
		t.Fatalf("LoadFile = %v", err)
	}
}

func TestAFileThatIncludesItselfIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "loop")
	WriteFile(t, path, "include "+path+"\n")
	if err := full().LoadFile(path); err == nil || !strings.Contains(err.Error(), "files deep") {
		t.Fatalf("LoadFile = %v", err)
	}
}

func TestUnknownKeysWarnInFilesAndAbortOnTheCommandLine(t *testing.T) {
	r := full()
	if err := r.LoadReader(strings.NewReader("save ''\nNoSuch-key 1 2 3\nsome.module x\nloadmodule /x.so a\nuser bob on >secret\n"), "a file"); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"a file, line 2: unknown directive 'nosuch-key' is ignored",
		"a file, line 3: unknown directive 'some.module' is ignored",
		"'loadmodule /x.so' is ignored: modules are not supported",
		"'user bob' is ignored: there is no access control list: every client that may connect may do everything; requirepass is obeyed",
	}
	if got := r.Warnings(); !slices.Equal(got, want) {
		t.Errorf("Warnings = %q,\nwant %q", got, want)
	}
	if err := full().LoadArgs([]string{"--nosuch-key", "1"}); err == nil {
		t.Error("the command line took an unknown key")
	}
}

func TestKeysWithoutEffectWarnOnceAndOnlyWhenChanged(t *testing.T) {
	r := full()
	if err := r.LoadReader(strings.NewReader("io-threads 4\nio-threads 2\nhz 10\n"), "test"); err != nil {
		t.Fatal(err)
	}
	if err := r.Set(pairs("activerehashing", "no")...); err != nil {
		t.Fatal(err)
	}
	if err := r.LoadArgs([]string{"--io-threads", "4"}); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, w := range r.Warnings() {
		if strings.Contains(w, "io-threads") || strings.Contains(w, "hz") || strings.Contains(w, "activerehashing") {
			got = append(got, w)
		}
	}
	if want := []string{"'io-threads' has no effect: " + noThreads}; !slices.Equal(got, want) {
		t.Fatalf("Warnings = %q, want %q", got, want)
	}
}

// Redis saves by default, so the default needs the warning and switching it off needs none.
func TestSavePointsWarnUnlessThereAreNone(t *testing.T) {
	warning := "'save' has no effect: " + noPersistence
	for args, want := range map[string]bool{"": true, "--save 60 1": true, "--save ''": false, "--save '' --hz 20": false} {
		r := full()
		words, ok := SplitArgs(args)
		if !ok {
			t.Fatal(args)
		}
		if err := r.LoadArgs(words); err != nil {
			t.Fatal(err)
		}
		if got := slices.Contains(r.Warnings(), warning); got != want {
			t.Errorf("%q: warned %v, want %v", args, got, want)
		}
	}
}

func TestDirectivesOfAFileAreHandedOver(t *testing.T) {
	r := New()
	d := DeclareRedis74(r)
	text := "user alice on\nrename-command KEYS \"\"\nloadmodule /m.so 1\n"
	if err := r.LoadReader(strings.NewReader(text), "test"); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(d.Renames, [][2]string{{"KEYS", ""}}) || len(d.Modules) != 1 || len(d.Users) != 1 {
		t.Fatalf("renames %q, modules %q, users %q", d.Renames, d.Modules, d.Users)
	}
	if err := r.LoadReader(strings.NewReader("rename-command KEYS"), "test"); err == nil {
		t.Error("rename-command without a target is taken")
	}
}

func TestStandardInputComesBetweenFileAndOptions(t *testing.T) {
	file := WriteFile(t, filepath.Join(t.TempDir(), "f"), "hz 20\nmaxmemory 1\ntcp-keepalive 1\n")
	for _, args := range [][]string{{file, "-", "--maxmemory", "3"}, {file, "--maxmemory", "3", "-"}} {
		r := full()
		if err := r.loadArgs(args, strings.NewReader("maxmemory 2\ntcp-keepalive 2\n")); err != nil {
			t.Fatal(err)
		}
		if got := get(t, r, "hz") + get(t, r, "maxmemory") + get(t, r, "tcp-keepalive"); got != "2032" {
			t.Errorf("%q gave %s", args[1:], got)
		}
	}
	r := full()
	if err := r.loadArgs([]string{"-"}, strings.NewReader("hz 33")); err != nil || get(t, r, "hz") != "33" || r.Path() != "" {
		t.Fatalf("a lone -: %v", err)
	}
}

func TestTheFirstOptionMayDoWithoutDashes(t *testing.T) {
	r := full()
	file := WriteFile(t, filepath.Join(t.TempDir(), "f"), "hz 20\n")
	if err := r.LoadArgs([]string{file, "hz", "30", "--maxmemory '1mb'"}); err != nil {
		t.Fatal(err)
	}
	if got := get(t, r, "hz") + " " + get(t, r, "maxmemory"); got != "30 1048576" {
		t.Error(got)
	}
	var le *LoadError
	if err := full().LoadArgs([]string{file, "nosuch", "30"}); !errors.As(err, &le) || le.Line != 1 {
		t.Error(err)
	}
}

func TestPathIsAbsolute(t *testing.T) {
	t.Chdir(t.TempDir())
	WriteFile(t, "some.conf", "hz 20")
	r := full()
	if err := r.LoadArgs([]string{"some.conf"}); err != nil {
		t.Fatal(err)
	}
	if !filepath.IsAbs(r.Path()) || filepath.Base(r.Path()) != "some.conf" {
		t.Fatalf("Path = %q", r.Path())
	}
}

func TestDocumentListsEveryKeyWithItsMeaning(t *testing.T) {
	r := full()
	var buf bytes.Buffer
	if err := r.Document(&buf); err != nil {
		t.Fatal(err)
	}
	rows := make(map[string]string)
	for _, line := range strings.Split(buf.String(), "\n") {
		if name, _, ok := strings.Cut(strings.TrimPrefix(line, "| `"), "`"); ok && strings.HasPrefix(line, "| `") {
			rows[name] = line
		}
	}
	for _, e := range r.order {
		row := rows[e.name]
		switch {
		case e.hidden && row != "":
			t.Errorf("%s is hidden and listed", e.name)
		case e.hidden:
		case row == "":
			t.Errorf("%s is not listed", e.name)
		case e.doc == "":
			t.Errorf("%s has no meaning", e.name)
		case strings.Count(row, "|")-strings.Count(row, `\|`) != 7:
			t.Errorf("%s: its row has not six cells: %s", e.name, row)
		}
	}
	for _, want := range []string{
		"| `hash-max-listpack-value`, `hash-max-ziplist-value` | memory | `64` | 0 to 2^63-1 | yes | Longest field or value in it. No effect: " + unowned + ". |",
		"| `databases` | integer | `16` | 1 to 2^31-1 | no |",
		"| `dbfilename` | string | `dump.rdb` |  | if `enable-protected-configs` |",
		"| `rename-command` |", "| `include` |",
	} {
		if !strings.Contains(buf.String(), want) {
			t.Errorf("Document has no %s", want)
		}
	}
}
