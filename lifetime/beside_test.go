package lifetime

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestNameBesideAKey(t *testing.T) {
	for key, want := range map[string]string{
		"order:{42}":    "order:{42}:lease",
		"order:42":      "order:42:lease{order:42}",
		"{a}{b}":        "{a}{b}:lease",
		"{{a}}":         "{{a}}:lease",
		"a}b":           "a}b:lease{" + tagOf(Slot("a}b")) + "}",
		"a{b":           "{" + tagOf(Slot("a{b")) + "}a{b:lease}",
		"foo{}{bar}":    "{" + tagOf(Slot("foo{}{bar}")) + "}foo{}{bar}:lease}",
		"\x00\xff{\x80": "{" + tagOf(Slot("\x00\xff{\x80")) + "}\x00\xff{\x80:lease}",
	} {
		if got := LeaseKey(key); got != want {
			t.Errorf("LeaseKey(%q) = %q, want %q", key, got, want)
		}
		if Slot(want) != Slot(key) {
			t.Errorf("%q is in slot %d, %q in %d", key, Slot(key), want, Slot(want))
		}
	}
}

func TestEverySlotHasATag(t *testing.T) {
	for slot := range slots {
		if tag := tagOf(slot); Slot(tag) != slot {
			t.Fatalf("slot %d has tag %q of slot %d", slot, tag, Slot(tag))
		}
	}
}

func TestNamesBesideKeysShareTheSlotAndNeverClash(t *testing.T) {
	// Few letters, so that names meet.
	keys := rapid.StringOfN(rapid.RuneFrom([]rune("a:{}e")), 1, 12, -1)
	kinds := rapid.SampledFrom([]string{"lease", "fence"})
	rapid.Check(t, func(t *rapid.T) {
		key, kind := keys.Draw(t, "key"), kinds.Draw(t, "kind")
		name := beside(key, kind)
		if Slot(name) != Slot(key) {
			t.Fatalf("%q in slot %d, %q in %d", key, Slot(key), name, Slot(name))
		}
		other, otherKind := keys.Draw(t, "other"), kinds.Draw(t, "other kind")
		if rapid.Bool().Draw(t, "from the name") {
			other = strings.TrimSuffix(strings.TrimSuffix(name, "}"), ":"+kind)
		}
		if other != "" && (other != key || otherKind != kind) && beside(other, otherKind) == name {
			t.Fatalf("%q (%s) and %q (%s) are both %q", key, kind, other, otherKind, name)
		}
	})
}
