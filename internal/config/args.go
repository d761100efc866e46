package config

import (
	"io"
	"os"
	"strings"
)

const commandLine = "the command line"

// LoadArgs loads what follows the program's name on the command line, in
// redis-server's form:
//
//	[file] [-] [--name value ...]...
//
// The file comes first; "-", as the first or last argument, reads standard
// input next; options come last, whatever their order, so they win. As in
// Redis 7 the word after an option's name is its value even if it starts with
// "--", except that --save directly before another option stands for --save "".
func (r *Registry) LoadArgs(args []string) error { return r.loadArgs(args, os.Stdin) }

func (r *Registry) loadArgs(args []string, stdin io.Reader) error {
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		if err := r.LoadFile(args[0]); err != nil {
			return err
		}
		args = args[1:]
	}
	if n := len(args); n > 0 && args[0] == "-" {
		args = args[1:]
		if err := r.LoadReader(stdin, "standard input"); err != nil {
			return err
		}
	} else if n > 0 && args[n-1] == "-" {
		args = args[:n-1]
		if err := r.LoadReader(stdin, "standard input"); err != nil {
			return err
		}
	}
	options, err := splitOptions(args)
	if err != nil {
		return err
	}
	for i, words := range options {
		if err := r.loadOption(words); err != nil {
			return locate(err, commandLine, i+1, optionText(words))
		}
	}
	return nil
}

// loadOption executes one option. Unlike in a file, an unknown one is an error:
// it is a typing mistake, not a leftover of another version.
func (r *Registry) loadOption(words []string) error {
	if len(words) == 0 {
		return nil // a lone "--"
	}
	name, args := strings.ToLower(words[0]), words[1:]
	switch name {
	case "include":
		return r.include(args, 1)
	case "sentinel":
		return errSentinel
	}
	known, err := r.assign(name, args)
	if !known {
		return errDirective
	}
	return err
}

// splitOptions groups the words of the command line into directives.
func splitOptions(args []string) ([][]string, error) {
	var out [][]string
	needValue := false // the word before was an option's bare name
	for i, a := range args {
		if needValue || !strings.HasPrefix(a, "--") {
			if len(out) == 0 {
				out = append(out, nil) // a name without dashes is taken all the same, as the first option
			}
			out[len(out)-1] = append(out[len(out)-1], a)
			needValue = false
			continue
		}
		words, ok := SplitArgs(a[2:]) // "--port 7000" may be one argument
		if !ok {
			return nil, &LoadError{Source: commandLine, Line: len(out) + 1, Text: a, Err: errDirective}
		}
		bare := len(words) == 1
		if bare && strings.EqualFold(words[0], "save") && (i == len(args)-1 || strings.HasPrefix(args[i+1], "--")) {
			words, bare = append(words, ""), false
		}
		out = append(out, words)
		needValue = bare
	}
	return out, nil
}

// optionText writes an option as Redis shows it in errors: the name, then each word of the value in quotes.
func optionText(words []string) string {
	var b strings.Builder
	for i, w := range words {
		if i == 0 {
			b.WriteString(w)
			continue
		}
		q := Quote(w)
		if !strings.HasPrefix(q, `"`) {
			q = `"` + q + `"` // it holds nothing that would have to be escaped
		}
		b.WriteString(" " + q)
	}
	return b.String()
}

func joinQuoted(words []string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = Quote(w)
	}
	return strings.Join(quoted, " ")
}
