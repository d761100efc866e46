package output

import "testing"

func TestPrintable(t *testing.T) {
	for key, want := range map[string]string{
		"": "(empty)", " ": `" "`, "user:1": "user:1", "käse": "käse", `say "x"`: `say "x"`, "\x1b[2J": `\x1b[2J`, "a\nb": `a\nb`, "\xff\"": `\xff"`,
		"\u202egpj": `\u202egpj`,
	} {
		if got := Printable(key); got != want {
			t.Errorf("%q: %s, want %s", key, got, want)
		}
	}
}

func TestShell(t *testing.T) {
	for arg, want := range map[string]string{
		"": "''", "--json": "--json", "a:*": "'a:*'", "it's": `'it'\''s'`, "a`b": "'a`b'", "x #y": "'x #y'", "~": "'~'",
	} {
		if got := Shell(arg); got != want {
			t.Errorf("%q: %s, want %s", arg, got, want)
		}
	}
}
