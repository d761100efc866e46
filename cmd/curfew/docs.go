//go:build linux || darwin

package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/curfewkv/curfew/internal/command"
	"github.com/curfewkv/curfew/internal/command/grammar"
	"github.com/curfewkv/curfew/internal/config"
	"github.com/curfewkv/curfew/internal/server"
)

// referenceDir is where the reference lies in the repository.
const referenceDir = "docs"

// newDocsCommand writes the reference of commands and configuration from what the server itself declares. It is for
// those who change the server, and hidden.
func newDocsCommand() *cobra.Command {
	check := false
	cmd := &cobra.Command{
		Use:    "docs DIR | docs --check [DIR]",
		Short:  "Write the reference of commands and configuration keys, or check that it is up to date",
		Hidden: true,
		Args:   cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			switch {
			case check && len(args) == 0:
				return checkReference(referenceDir)
			case check:
				return checkReference(args[0])
			case len(args) == 0:
				return errors.New("docs: the folder to write to is missing")
			}
			return writeReference(args[0])
		},
	}
	cmd.Flags().BoolVar(&check, "check", false, "compare the files of DIR ("+referenceDir+" by default) instead of writing them")
	return cmd
}

// page is a file of the reference.
type page struct {
	name string
	text []byte
}

// reference makes the pages.
func reference() ([]page, error) {
	table, registry, err := server.Describe()
	if err != nil {
		return nil, err
	}
	commands, err := commandsPage(table)
	if err != nil {
		return nil, err
	}
	keys, err := configurationPage(registry)
	if err != nil {
		return nil, err
	}
	return []page{{"commands.md", commands}, {"configuration.md", keys}}, nil
}

func writeReference(dir string) error {
	pages, err := reference()
	if err != nil {
		return err
	}
	for _, p := range pages {
		if err := os.WriteFile(filepath.Join(dir, p.name), p.text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// checkReference is an error when a page differs from what would be written.
func checkReference(dir string) error {
	pages, err := reference()
	if err != nil {
		return err
	}
	for _, p := range pages {
		have, err := os.ReadFile(filepath.Join(dir, p.name))
		if err != nil {
			return err
		}
		if !bytes.Equal(have, p.text) {
			return fmt.Errorf("%s is out of date; run `curfew docs %s`", filepath.Join(dir, p.name), referenceDir)
		}
	}
	return nil
}

const generated = "<!-- Written by `curfew docs " + referenceDir + "` from what the server declares. Changes belong there. -->\n\n"

func configurationPage(r *config.Registry) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString("# Configuration\n\n" + generated +
		"Keys are set in a file in redis.conf's form (`curfew serve redis.conf`), on the command line (`--key value`), and with CONFIG SET\n" +
		"where \"at run time\" says yes. CONFIG REWRITE writes them back to the file. How unknown keys are met, and what else differs\n" +
		"from Redis, is in [differences.md](differences.md).\n\n")
	err := r.Document(&b)
	return b.Bytes(), err
}

// chapters are the groups of commands in the order of the page.
var chapters = []struct{ group, title string }{
	{"generic", "Keys and lifetimes"}, {"string", "Strings"}, {"bitmap", "Bitmaps"}, {"hash", "Hashes"}, {"list", "Lists"}, {"set", "Sets"},
	{"sorted-set", "Sorted sets"}, {"hyperloglog", "HyperLogLog"}, {"geo", "Geo"}, {"stream", "Streams"}, {"transactions", "Transactions"},
	{"pubsub", "Publish and subscribe"}, {"scripting", "Scripting"}, {"connection", "Connections"}, {"server", "Server"}, {"cluster", "Cluster"},
}

func commandsPage(table *command.Table) ([]byte, error) {
	groups := map[string][]*command.Spec{}
	total, subcommands := 0, 0
	for _, s := range table.All() {
		if s.Parent == nil {
			total++
		} else {
			subcommands++
		}
		// A container that does nothing by itself is shown by its subcommands.
		if s.Run != nil {
			groups[s.Group] = append(groups[s.Group], s)
		}
	}
	var b bytes.Buffer
	b.WriteString("# Commands\n\n" + generated)
	fmt.Fprintf(&b, "%d commands with %d subcommands. They are named, and reply, as in Redis %s; where they differ is in\n"+
		"[differences.md](differences.md). The version is the one of Redis that had the command first, or that gave it up.\n",
		total, subcommands, command.Version)
	for _, c := range chapters {
		specs := groups[c.group]
		delete(groups, c.group)
		if len(specs) == 0 {
			continue
		}
		slices.SortFunc(specs, func(a, b *command.Spec) int { return strings.Compare(a.Full, b.Full) })
		fmt.Fprintf(&b, "\n## %s\n\n| command | what it does | complexity | version | ACL categories |\n|---|---|---|---|---|\n", c.title)
		for _, s := range specs {
			row, err := commandRow(s)
			if err != nil {
				return nil, err
			}
			b.WriteString(row)
		}
	}
	for group := range groups {
		return nil, fmt.Errorf("the group %q of commands has no chapter", group)
	}
	return b.Bytes(), nil
}

func commandRow(s *command.Spec) (string, error) {
	g, err := grammar.Parse(s.Syntax)
	if err != nil {
		return "", fmt.Errorf("%s: %w", s.Full, err)
	}
	name := strings.ToUpper(strings.ReplaceAll(s.Full, "|", " "))
	summary, version := s.Summary, s.Since
	if s.DeprecatedSince != "" {
		// Redis marks links to arguments with '!'.
		summary += " Deprecated in favour of " + strings.ReplaceAll(s.ReplacedBy, "`!", "`") + "."
		version += " to " + s.DeprecatedSince
	}
	categories := s.ACL().Names()
	for i, c := range categories {
		categories[i] = "@" + c
	}
	cells := []string{"`" + strings.TrimSpace(name+" "+g.String()) + "`", summary, s.Complexity, version, strings.Join(categories, " ")}
	for i, c := range cells {
		cells[i] = strings.ReplaceAll(c, "|", `\|`)
	}
	return "| " + strings.Join(cells, " | ") + " |\n", nil
}
