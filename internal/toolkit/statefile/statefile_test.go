package statefile

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

type state struct{ Keys int }

func TestAStateIsReadAsItWasWritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.state")
	got := state{}
	if found, err := Read(path, &got); found || err != nil {
		t.Fatalf("a file that is not there: %v, %v", found, err)
	}
	for _, n := range []int{7, 8} { // the second replaces the first
		if err := Write(path, state{n}); err != nil {
			t.Fatal(err)
		}
		if found, err := Read(path, &got); !found || err != nil || got.Keys != n {
			t.Fatalf("%d became %+v, %v, %v", n, got, found, err)
		}
	}
}

func TestOnlyTheUserReadsAState(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.state")
	if err := Write(path, state{1}); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if mode := info.Mode().Perm(); mode != 0o600 {
		t.Errorf("mode %o", mode)
	}
}

func TestAFailedWriteLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "x.state")
	if err := os.Mkdir(path, 0o700); err != nil { // a file cannot take a folder's name
		t.Fatal(err)
	}
	if Write(path, state{1}) == nil {
		t.Error("a folder was replaced")
	}
	if Write(filepath.Join(dir, "missing", "x.state"), state{1}) == nil {
		t.Error("it wrote to a folder that is not there")
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 1 {
		t.Errorf("left: %v, %v", left, err)
	}
}

func TestAnotherFileIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.state")
	for _, text := range []string{"", "{", "[1]", "not a state"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Read(path, &state{}); err == nil || !strings.Contains(err.Error(), "is not a state file") {
			t.Errorf("%q: %v", text, err)
		}
	}
}
