package lifetime

import (
	"slices"
	"testing"
)

func TestSlot(t *testing.T) {
	// The values are what redis-server's CLUSTER KEYSLOT answers.
	for key, want := range map[string]int{
		"123456789": 12739, "foo": 12182, "": 0, "{user:1001}:profile": Slot("user:1001"), "{}x": Slot("{}x"),
		"foo{}{bar}": 8363, "foo{{bar}}zap": Slot("{bar"), "foo{bar}{zap}": Slot("bar"), "a}b{c}": Slot("c"),
	} {
		if got := Slot(key); got != want {
			t.Errorf("Slot(%q) = %d, want %d", key, got, want)
		}
	}
}

func TestBySlot(t *testing.T) {
	got := bySlot([]string{"{a}1", "{b}1", "{a}2"})
	if len(got) != 2 || !slices.Equal(got[0], []string{"{a}1", "{a}2"}) || !slices.Equal(got[1], []string{"{b}1"}) {
		t.Errorf("got %q", got)
	}
}
