//go:build linux || darwin

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestTheReferenceIsUpToDate(t *testing.T) {
	if err := checkReference(filepath.Join("..", "..", referenceDir)); err != nil {
		t.Error(err)
	}
}

func TestTheReferenceIsTheSameEveryTime(t *testing.T) {
	dir := t.TempDir()
	if err := checkReference(dir); err == nil {
		t.Error("nothing is there, and up to date")
	}
	if err := writeReference(dir); err != nil {
		t.Fatal(err)
	}
	if err := checkReference(dir); err != nil {
		t.Error(err)
	}
	path := filepath.Join(dir, "commands.md")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	changed := strings.Replace(string(text), "`GET key`", "`GET keys`", 1)
	if changed == string(text) {
		t.Fatal("GET is not in the reference")
	}
	if err := os.WriteFile(path, []byte(changed), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := checkReference(dir); err == nil || !strings.Contains(err.Error(), "commands.md is out of date") {
		t.Errorf("a changed page: %v", err)
	}
}
