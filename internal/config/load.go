package config

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// maxIncludes bounds how deep files include each other, so that a file which
// includes itself is an error and not a crash.
const maxIncludes = 32

// ignored are directives that Redis 7 still reads and that do nothing; they are
// no keys, so CONFIG GET does not list them.
var ignored = map[string]bool{
	"list-max-ziplist-entries": true,
	"list-max-ziplist-value":   true,
	"lua-replicate-commands":   true,
}

// LoadFile reads a configuration file and makes it the one that Rewrite writes.
// Keys that no one declared are warnings; everything else that Redis refuses
// is a *LoadError.
func (r *Registry) LoadFile(path string) error {
	abs, err := filepath.Abs(path)
	if err != nil {
		return &LoadError{Source: path, Err: err}
	}
	if err := r.loadFile(abs, 0); err != nil {
		return err
	}
	r.path = abs
	return nil
}

// LoadReader reads configuration text, such as standard input; source names it
// in errors and warnings.
func (r *Registry) LoadReader(rd io.Reader, source string) error {
	text, err := io.ReadAll(rd)
	if err != nil {
		return &LoadError{Source: source, Err: err}
	}
	return r.loadText(string(text), source, 0)
}

func (r *Registry) loadFile(path string, depth int) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return &LoadError{Source: path, Err: openError(path, err)}
	}
	return r.loadText(string(text), path, depth)
}

func openError(path string, err error) error {
	var pe *os.PathError
	if errors.As(err, &pe) {
		err = pe.Err
	}
	return fmt.Errorf("Fatal error, can't open config file '%s': %w", path, err)
}

func (r *Registry) loadText(text, source string, depth int) error {
	for i, raw := range strings.Split(text, "\n") {
		l, err := splitLine(raw)
		if err == nil && !l.blank {
			err = r.loadLine(l.name, l.args, source, i+1, depth)
		}
		if err != nil {
			return locate(err, source, i+1, strings.Trim(raw, " \t\r\n"))
		}
	}
	return nil
}

// locate says where err happened, unless an included file has said it already.
func locate(err error, source string, number int, text string) error {
	var le *LoadError
	if errors.As(err, &le) {
		return err
	}
	return &LoadError{Source: source, Line: number, Text: text, Err: err}
}

// line is a file's line, taken apart.
type line struct {
	blank   bool     // nothing but blanks or a comment
	name    string   // lower case
	args    []string // the words after it
	comment string   // a comment at the end, from its blanks on
}

// splitLine takes a file's line apart. Redis knows comments on lines of their
// own only. A # that begins a word behind the first value begins one here too:
// files copied from articles have them, and Redis refuses nearly all such
// lines, so nothing that works there changes its meaning. The exceptions, where
// such a word is an argument, are rawWords.
func splitLine(raw string) (line, error) {
	text := strings.Trim(raw, " \t\r\n")
	if text == "" || text[0] == '#' {
		return line{blank: true}, nil
	}
	l := line{blank: true}
	for s := (splitter{line: text}); s.skip(); {
		if len(l.args) > 0 && text[s.at] == '#' && !rawWords[l.name] {
			l.comment = text[len(strings.TrimRight(text[:s.at], " \t")):]
			break
		}
		w, ok := s.word()
		switch {
		case !ok:
			return line{}, errQuotes
		case l.blank:
			l.blank, l.name = false, strings.ToLower(w)
		default:
			l.args = append(l.args, w)
		}
	}
	return l, nil
}

// rawWords are the directives whose arguments may start with #: an ACL rule
// gives a password's hash so.
var rawWords = map[string]bool{"user": true, "loadmodule": true}

// loadLine executes one directive of a file. An unknown one is a warning.
func (r *Registry) loadLine(name string, args []string, source string, number, depth int) error {
	switch {
	case name == "":
		return errDirective
	case name == "include":
		return r.include(args, depth+1)
	case name == "sentinel":
		return errSentinel
	}
	known, err := r.assign(name, args)
	if !known {
		r.unknown = append(r.unknown, fmt.Sprintf("%s, line %d: unknown directive '%s' is ignored", source, number, name))
		return nil
	}
	return err
}

// assign gives a key or directive its value from a file or the command line.
func (r *Registry) assign(name string, args []string) (known bool, err error) {
	if d := r.directives[name]; d != nil {
		return true, d.set(args)
	}
	e := r.byName[name]
	if e == nil {
		return ignored[name], nil
	}
	if e.multi && len(args) == 1 && strings.Contains(args[0], " ") {
		if words, ok := SplitArgs(args[0]); ok {
			args = words // "a b" stands for a b
		}
	}
	v, err := e.parse(args)
	if err != nil {
		return true, err
	}
	if acc, ok := e.value.(accumulator); ok && e.loaded > 0 {
		v = acc.add(v)
	}
	e.loaded++
	return true, e.value.store(v)
}

// include loads the files that a pattern names, in alphabetical order. A pattern
// with wildcards may match none; a plain name must exist.
func (r *Registry) include(args []string, depth int) error {
	if len(args) != 1 {
		return errDirective
	}
	if depth > maxIncludes {
		return fmt.Errorf("include: more than %d files deep", maxIncludes)
	}
	paths, err := expand(args[0])
	if err != nil {
		return err
	}
	for _, p := range paths {
		if err := r.loadFile(p, depth); err != nil {
			return err
		}
	}
	return nil
}

func expand(pattern string) ([]string, error) {
	if !strings.ContainsAny(pattern, "*?[") {
		return []string{pattern}, nil
	}
	paths, err := filepath.Glob(pattern)
	if err != nil {
		return nil, fmt.Errorf("include: %w", err)
	}
	return paths, nil
}

// Warnings lists what the loads found odd but not wrong: directives that no one
// knows, and keys that ask for something which is not done here.
func (r *Registry) Warnings() []string {
	out := append([]string(nil), r.unknown...)
	for _, e := range r.order {
		if e.missed() {
			out = append(out, fmt.Sprintf("'%s' has no effect: %s", e.name, e.noEffect))
		}
	}
	return out
}
