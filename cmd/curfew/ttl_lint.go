package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/curfewkv/curfew/internal/release"
	"github.com/curfewkv/curfew/internal/toolkit/lint"
	"github.com/curfewkv/curfew/internal/toolkit/output"
	"github.com/curfewkv/curfew/ttllint/rule"
)

// lintFlags is what the user asks of one `curfew ttl lint`.
type lintFlags struct {
	lint.Options
	format, baseline string
	writeBaseline    bool
	failOn           []string
	rules, json      bool
}

func newTTLLintCommand() *cobra.Command {
	var f lintFlags
	cmd := &cobra.Command{
		Use:   "lint [PATH...]",
		Short: "Find writes without a lifetime in Go, Python and JavaScript code",
		Long: `Find writes without a lifetime, and other mistakes with lifetimes, in source code: Go (go-redis, rueidis, redigo),
Python (redis-py), JavaScript and TypeScript (ioredis, node-redis). No server is needed. The rules are explained in
docs/lint.md; --rules lists them.

A comment accepts a finding: //ttl:durable REASON, or # ttl: durable REASON, on the line or above. What git ignores,
vendor, node_modules, testdata and tests are left out.`,
		Example: `  curfew ttl lint
  curfew ttl lint --format sarif services/ > lint.sarif
  curfew ttl lint --durable 'config:*,flags:*' --baseline .ttl-baseline.json`,
		RunE: tool(func(ctx context.Context, cmd *cobra.Command, args []string) error {
			f.Paths = args
			return runLint(ctx, cmd, f)
		}),
	}
	flags := cmd.Flags()
	flags.StringVar(&f.format, "format", "text", "form of the report: "+strings.Join(lint.Formats, ", "))
	flags.BoolVar(&f.json, "json", false, "as --format json")
	flags.StringSliceVar(&f.failOn, "fail-on", []string{"any"}, "codes or names of rules whose findings give exit status 1; any, none")
	flags.StringSliceVar(&f.Exclude, "exclude", nil, "patterns of paths, names and folders to leave out")
	flags.StringSliceVar(&f.Durable, "durable", nil, "patterns of keys that may live forever, such as 'config:*'")
	flags.StringSliceVar(&f.Disable, "disable", nil, "codes or names of rules that are not wanted")
	flags.BoolVar(&f.DefaultTTLHook, "default-ttl-hook", false, "a hook gives every new key a lifetime: accept writes without one")
	flags.BoolVar(&f.Tests, "tests", false, "look into tests too")
	flags.StringSliceVar(&f.Languages, "lang", nil, "languages to look into: "+strings.Join(lint.Languages, ", ")+" (default all)")
	flags.StringVar(&f.baseline, "baseline", "", "file of known findings, which are not reported")
	flags.BoolVar(&f.writeBaseline, "write-baseline", false, "write what is found to the --baseline file, and accept it")
	flags.BoolVar(&f.rules, "rules", false, "list the rules and do nothing else")
	return cmd
}

func runLint(ctx context.Context, cmd *cobra.Command, f lintFlags) error {
	if f.rules {
		for _, r := range rule.All() {
			fmt.Fprintf(cmd.OutOrStdout(), "%s %s\n    %s\n    %s\n", r.Code, r.Name, r.Summary, r.Help)
		}
		return nil
	}
	if f.json {
		f.format = "json"
	}
	if err := f.check(); err != nil {
		return err
	}
	found, err := lint.Run(ctx, f.Options)
	if err != nil {
		return err
	}
	if f.writeBaseline {
		if err := lint.NewBaseline(found).Write(f.baseline); err != nil {
			return err
		}
		fmt.Fprintf(cmd.ErrOrStderr(), "%d findings are known in %s\n", len(found), f.baseline)
		return nil
	}
	if f.baseline != "" {
		known, err := lint.ReadBaseline(f.baseline)
		if err != nil {
			return err
		}
		found = known.New(found)
	}
	if err := lint.Report(cmd.OutOrStdout(), f.format, release.Version, found); err != nil {
		return err
	}
	if n := f.failing(found); n == 1 {
		return output.Findingf("1 finding")
	} else if n > 0 {
		return output.Findingf("%d findings", n)
	}
	return nil
}

// check refuses flags that make no sense, before any work is done.
func (f lintFlags) check() error {
	if !slices.Contains(lint.Formats, f.format) {
		return fmt.Errorf("there is no format %q; there are %s", f.format, strings.Join(lint.Formats, ", "))
	}
	if f.writeBaseline && f.baseline == "" {
		return errors.New("--write-baseline needs --baseline FILE")
	}
	for _, name := range f.failOn {
		if _, ok := rule.Lookup(name); !ok && name != "any" && name != "none" {
			return fmt.Errorf("--fail-on: there is no rule %q", name)
		}
	}
	return nil
}

// failing counts the findings that --fail-on is about.
func (f lintFlags) failing(found []lint.Finding) int {
	n := 0
	for _, finding := range found {
		if slices.ContainsFunc(f.failOn, func(name string) bool {
			return name == "any" || name == string(finding.Code) || name == finding.Name
		}) {
			n++
		}
	}
	return n
}
