package main

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// reference holds, per unit, the tests that pass on redis-server on this machine, in their order. A test that fails there (a tool or
// a network that the machine lacks) is not asked of Curfew either; add prints it.
type reference map[string][]string

func readReference(path string) (reference, error) {
	ref := reference{}
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return ref, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	scanner := bufio.NewScanner(f)
	for scanner.Scan() {
		unit, test, ok := strings.Cut(scanner.Text(), "\t")
		if !ok {
			return nil, fmt.Errorf("%s: a line without a tab; delete the file", path)
		}
		if test == "" {
			ref[unit] = []string{}
			continue
		}
		ref[unit] = append(ref[unit], test)
	}
	return ref, scanner.Err()
}

func (ref reference) add(o *outcome) {
	ref[o.unit] = []string{}
	for _, test := range o.order {
		if o.passed[test] && !slices.Contains(ref[o.unit], test) {
			ref[o.unit] = append(ref[o.unit], test)
		}
	}
	for test, message := range o.failed {
		fmt.Printf("reference: redis-server fails %s: %s: %s\n", o.unit, test, firstLine(message))
		ref[o.unit] = slices.DeleteFunc(ref[o.unit], func(t string) bool { return t == test })
	}
}

// write leaves a unit without tests as one line with an empty name, so that it is not run again.
func (ref reference) write(path string) error {
	var b strings.Builder
	for _, unit := range slices.Sorted(maps.Keys(ref)) {
		fmt.Fprintf(&b, "%s\t\n", unit)
		for _, test := range ref[unit] {
			fmt.Fprintf(&b, "%s\t%s\n", unit, test)
		}
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, []byte(b.String()), 0o644)
}

func firstLine(s string) string {
	s = strings.TrimSpace(s)
	if i := strings.IndexByte(s, '\n'); i >= 0 {
		s = s[:i]
	}
	if len(s) > 220 {
		s = s[:220] + "..."
	}
	return s
}
