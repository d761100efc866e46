package lint

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/curfewkv/curfew/ttllint/rule"
)

// Baseline is a file of findings that are known and accepted. They are told by their file, their rule and the text of
// their line, so that lines above may come and go.
type Baseline struct {
	Version int     `json:"version"`
	Known   []known `json:"findings"`
}

type known struct {
	File  string    `json:"file"`
	Code  rule.Code `json:"code"`
	Line  string    `json:"line"`
	Count int       `json:"count"`
}

const baselineVersion = 1

// NewBaseline knows the findings.
func NewBaseline(found []Finding) Baseline {
	b := Baseline{Version: baselineVersion, Known: []known{}}
	for _, f := range found {
		i := slices.IndexFunc(b.Known, func(k known) bool { return k.is(f) })
		if i < 0 {
			b.Known = append(b.Known, known{File: f.File, Code: f.Code, Line: f.text})
			i = len(b.Known) - 1
		}
		b.Known[i].Count++
	}
	slices.SortFunc(b.Known, func(a, b known) int {
		return strings.Compare(a.File+"\x00"+string(a.Code)+"\x00"+a.Line, b.File+"\x00"+string(b.Code)+"\x00"+b.Line)
	})
	return b
}

func (k known) is(f Finding) bool { return k.File == f.File && k.Code == f.Code && k.Line == f.text }

// ReadBaseline reads a file that Write wrote.
func ReadBaseline(path string) (Baseline, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return Baseline{}, fmt.Errorf("baseline: %w", err)
	}
	var b Baseline
	if err := json.Unmarshal(text, &b); err != nil {
		return Baseline{}, fmt.Errorf("baseline %s: %w", path, err)
	}
	if b.Version != baselineVersion {
		return Baseline{}, fmt.Errorf("baseline %s: %w", path, errors.New("it is of another version; write it again by --write-baseline"))
	}
	return b, nil
}

// Write writes the file.
func (b Baseline) Write(path string) error {
	text, err := json.MarshalIndent(b, "", "  ")
	if err != nil {
		return fmt.Errorf("baseline: %w", err)
	}
	if err := os.WriteFile(path, append(text, '\n'), 0o644); err != nil {
		return fmt.Errorf("baseline: %w", err)
	}
	return nil
}

// New are the findings that the baseline does not know, or knows fewer of.
func (b Baseline) New(found []Finding) []Finding {
	left := slices.Clone(b.Known)
	var fresh []Finding
	for _, f := range found {
		i := slices.IndexFunc(left, func(k known) bool { return k.is(f) && k.Count > 0 })
		if i < 0 {
			fresh = append(fresh, f)
			continue
		}
		left[i].Count--
	}
	return fresh
}
