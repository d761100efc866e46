package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// rewritten loads text from a file, sets the pairs, rewrites, and returns the
// file's new content. It checks that the content loads to the same values.
func rewritten(t *testing.T, text string, kv ...string) string {
	t.Helper()
	path := WriteFile(t, filepath.Join(t.TempDir(), "redis.conf"), text)
	r := full()
	if err := r.LoadFile(path); err != nil {
		t.Fatal(err)
	}
	set(t, r, kv...)
	if err := r.Rewrite(); err != nil {
		t.Fatal(err)
	}
	out, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	again := full()
	if err := again.LoadFile(path); err != nil {
		t.Fatalf("the rewritten file does not load: %v\n%s", err, out)
	}
	if err := sameAs(again, r); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	return string(out)
}

// sameAs compares all values, hidden ones too.
func sameAs(a, b *Registry) error {
	for i, e := range a.order {
		if f := b.order[i]; e.text() != f.text() {
			return errors.New(e.name + " is " + e.text() + ", was " + f.text())
		}
	}
	return nil
}

func TestRewriteChangesOnlyWhatMustChange(t *testing.T) {
	for _, c := range []struct {
		name, before string
		set          []string
		after        string
	}{
		{"nothing to do", "# hello\n\nmaxmemory 4gb\n  HZ 10 \nnosuch 1 2\n", nil, "# hello\n\nmaxmemory 4gb\n  HZ 10 \nnosuch 1 2\n"},
		{"in place", "# a\nhz 10\n# b\nmaxmemory 1gb # spare\n# c", []string{"maxmemory", "1536mb"}, "# a\nhz 10\n# b\nmaxmemory 1536mb # spare\n# c\n"},
		{"back to the default", "maxmemory 1gb\n", []string{"maxmemory", "0"}, "maxmemory 0\n"},
		{"appended under the marker", "# a\n", []string{"hz", "20", "maxmemory", "1000"}, "# a\n" + rewriteMarker + "\nhz 20\nmaxmemory 1000\n"},
		{"marker only once", "# a\n" + rewriteMarker + "\nhz 20\n", []string{"maxmemory", "7"}, "# a\n" + rewriteMarker + "\nhz 20\nmaxmemory 7\n"},
		{"empty file", "", []string{"hz", "20"}, rewriteMarker + "\nhz 20\n"},
		{"duplicates", "hz 20\n# x\nhz 30\n", nil, "hz 30\n# x\n"},
		{"aliases", "slave-priority 5\nlua-time-limit 7\n", []string{"replica-priority", "6"}, "replica-priority 6\nlua-time-limit 7\n"},
		{"save points", "save 900 1\n# x\nsave 60 5\n", []string{"save", "1 1"}, "save 1 1\n# x\n"},
		{"more save points", "save 900 1\n# x\n", []string{"save", "1 1 2 2"}, "save 1 1\n# x\n" + rewriteMarker + "\nsave 2 2\n"},
		{"no save points", "save 900 1\nsave 1 1\n", []string{"save", ""}, "save \"\"\n"},
		{"client limits", "client-output-buffer-limit normal 0 0 0\nclient-output-buffer-limit slave 256mb 64mb 60\nclient-output-buffer-limit pubsub 32mb 8mb 60\n",
			[]string{"client-output-buffer-limit", "pubsub 1gb 0 0"},
			"client-output-buffer-limit normal 0 0 0\nclient-output-buffer-limit replica 256mb 64mb 60\nclient-output-buffer-limit pubsub 1gb 0 0\n"},
		{"quotes", "masterauth x\n", []string{"masterauth", "a \"b\" #\n", "masteruser", "", "proc-title-template", "{title}"},
			"masterauth \"a \\\"b\\\" #\\n\"\n" + rewriteMarker + "\nproc-title-template {title}\n"},
		{"empty string", "masterauth x\n", []string{"masterauth", ""}, "masterauth \"\"\n"},
		{"a word like a comment", "masterauth x\n", []string{"masterauth", "#x"}, "masterauth \"#x\"\n"},
		{"lists", "bind 1.1.1.1\n", []string{"bind", ""}, "bind \"\"\n"},
		{"other directives", "user alice on #ab\nrename-command KEYS \"\"\n", []string{"hz", "20"}, "user alice on #ab\nrename-command KEYS \"\"\n" + rewriteMarker + "\nhz 20\n"},
		{"carriage returns", "# a\r\nhz 20\r\n", []string{"maxmemory", "5"}, "# a\r\nhz 20\r\n" + rewriteMarker + "\nmaxmemory 5\n"},
		{"events", "notify-keyspace-events \"\"\n", []string{"notify-keyspace-events", "ExK"}, "notify-keyspace-events xKE\n"},
		{"percent and octal", "unixsocketperm 700\nmaxmemory-clients 5%\n", []string{"maxmemory-clients", "6%"}, "unixsocketperm 700\nmaxmemory-clients 6%\n"},
		{"replicaof", "replicaof h 1\n", nil, "replicaof h 1\n"},
	} {
		if got := rewritten(t, c.before, c.set...); got != c.after {
			t.Errorf("%s:\n got %q\nwant %q", c.name, got, c.after)
		}
	}
}

func TestRewriteWinsOverIncludedFiles(t *testing.T) {
	dir := t.TempDir()
	inc := WriteFile(t, filepath.Join(dir, "inc"), "hz 20\nsave 5 5\n")
	main := "hz 15\nsave 6 6\ninclude " + inc + "\n# end\n"
	if got := rewritten(t, main); got != main {
		t.Errorf("unchanged values: %q", got)
	}
	want := "include " + inc + "\n# end\n" + rewriteMarker + "\nhz 30\nsave \"\"\nsave 7 7\n"
	if got := rewritten(t, main, "hz", "30", "save", "7 7"); got != want {
		t.Errorf("changed values: got %q, want %q", got, want)
	}
	if got := rewritten(t, "include "+inc+"\nhz 15\n", "hz", "16"); strings.Count(got, "hz") != 1 || !strings.Contains(got, "hz 16") {
		t.Errorf("a line behind the include:\n%s", got)
	}
}

func TestRewriteOfADirectivesOwner(t *testing.T) {
	path := WriteFile(t, filepath.Join(t.TempDir(), "f"), "# users\nuser alice on\n# more\nuser bob on\n")
	r := New()
	users := []string{"alice off", "carol on", "dave on"}
	r.Directive("user", func([]string) error { return nil }, func() []string { return users }, "")
	if err := r.LoadFile(path); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"# users\nuser alice off\n# more\nuser carol on\n" + rewriteMarker + "\nuser dave on\n",
		"# users\nuser alice off\n# more\n" + rewriteMarker + "\n",
	} {
		if err := r.Rewrite(); err != nil {
			t.Fatal(err)
		}
		if got, _ := os.ReadFile(path); string(got) != want {
			t.Fatalf("got %q, want %q", got, want)
		}
		users = users[:1]
	}
}

func TestRewriteWithoutAFileIsRefused(t *testing.T) {
	if err := full().Rewrite(); !errors.Is(err, ErrNoFile) || err.Error() != "ERR The server is running without a config file" {
		t.Fatalf("Rewrite = %v", err)
	}
}

func TestRewriteKeepsModeAndLinksAndLeavesNoDebris(t *testing.T) {
	dir := t.TempDir()
	real := WriteFile(t, filepath.Join(dir, "real"), "hz 20\n")
	if err := os.Chmod(real, 0o640); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(dir, "link")
	if err := os.Symlink(real, link); err != nil {
		t.Fatal(err)
	}
	r := full()
	if err := r.LoadFile(link); err != nil {
		t.Fatal(err)
	}
	set(t, r, "hz", "30")
	if err := r.Rewrite(); err != nil {
		t.Fatal(err)
	}
	if st, err := os.Lstat(link); err != nil || st.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link is gone: %v %v", st.Mode(), err)
	}
	if st, err := os.Stat(real); err != nil || st.Mode().Perm() != 0o640 {
		t.Errorf("the mode is %v, %v", st.Mode(), err)
	}
	if text, _ := os.ReadFile(real); string(text) != "hz 30\n" {
		t.Errorf("the file has %q", text)
	}
	if names, _ := os.ReadDir(dir); len(names) != 2 {
		t.Errorf("the folder has %v", names)
	}
}

func TestRewriteOfAVanishedFileOrFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "sub")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	path := WriteFile(t, filepath.Join(dir, "f"), "hz 20\n")
	r := full()
	if err := r.LoadFile(path); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := r.Rewrite(); err != nil {
		t.Fatal(err)
	}
	if text, _ := os.ReadFile(path); string(text) != rewriteMarker+"\nhz 20\n" {
		t.Errorf("the file is written anew as %q", text)
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if err := r.Rewrite(); err == nil || err.Error() != "ERR Rewriting config file: No such file or directory" {
		t.Errorf("Rewrite = %v", err)
	}
}

// tries are values that some keys take, for the random tests.
var tries = rapid.SampledFrom(append([]string{"900 1 60 5", "1gb", "25%", "allkeys-lru", "normal 1 2 3 pubsub 4 5 6", "KEA", "1 2 3", "a # b", "#", "\"", "\\", "x\ny", "always", "local"}, Values...))

func TestSetThenGetRoundTripsAndSurvivesARewrite(t *testing.T) {
	names := full().names()
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		path := filepath.Join(dir, "f")
		if err := os.WriteFile(path, []byte("# top\nmaxmemory 1gb # c\nsave 5 5\nsave 6 6\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		r := full()
		if err := r.LoadFile(path); err != nil {
			t.Fatal(err)
		}
		for range rapid.IntRange(1, 12).Draw(t, "sets") {
			name := rapid.SampledFrom(names).Draw(t, "name")
			value := tries.Draw(t, "value")
			if r.Set(pairs(name, value)...) != nil {
				continue
			}
			shown := get(t, r, name)
			if err := r.Set(pairs(name, shown)...); err != nil {
				t.Fatalf("%s does not take its own %q: %v", name, shown, err)
			}
			if again := get(t, r, name); again != shown {
				t.Fatalf("%s set to %q shows %q, set to that shows %q", name, value, shown, again)
			}
		}
		if err := r.Rewrite(); err != nil {
			t.Fatal(err)
		}
		again := full()
		if err := again.LoadFile(path); err != nil {
			t.Fatal(err)
		}
		if err := sameAs(again, r); err != nil {
			text, _ := os.ReadFile(path)
			t.Fatalf("%v in\n%s", err, text)
		}
	})
}

func (r *Registry) names() []string {
	var out []string
	for _, e := range r.order {
		out = append(out, e.name)
	}
	return out
}

func FuzzLoad(f *testing.F) {
	for _, text := range FileCases {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if strings.Contains(strings.ToLower(text), "include") {
			t.Skip("would read files of this machine")
		}
		r := full()
		if r.LoadReader(strings.NewReader(text), "fuzz") != nil {
			return
		}
		r.Warnings()
		out := r.rewritten(text, false)
		again := full()
		if err := again.LoadReader(strings.NewReader(out), "rewritten"); err != nil {
			t.Fatalf("%q is rewritten as\n%s\nwhich does not load: %v", text, out, err)
		}
		if err := sameAs(again, r); err != nil {
			t.Fatalf("%q is rewritten as\n%s\n%v", text, out, err)
		}
		if twice := again.rewritten(out, false); twice != out {
			t.Fatalf("%q is rewritten as\n%s\nand that as\n%s", text, out, twice)
		}
	})
}

func TestRewriteAllWritesEveryKeyOnceAndLoadsTheSame(t *testing.T) {
	path := WriteFile(t, filepath.Join(t.TempDir(), "f"), "# mine\nhz 20\n")
	r := full()
	if err := r.LoadFile(path); err != nil {
		t.Fatal(err)
	}
	set(t, r, "save", "")
	if err := r.RewriteAll(); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range r.order {
		want := len(e.value.lines())
		if got := strings.Count("\n"+string(text), "\n"+e.name+" "); got != want {
			t.Errorf("%s has %d lines, want %d", e.name, got, want)
		}
	}
	again := full()
	if err := again.LoadFile(path); err != nil {
		t.Fatal(err)
	}
	if err := sameAs(again, r); err != nil {
		t.Errorf("%v in\n%s", err, text)
	}
}
