package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/curfewkv/curfew/internal/toolkit/connect"
	"github.com/curfewkv/curfew/internal/toolkit/fix"
	"github.com/curfewkv/curfew/internal/toolkit/output"
	"github.com/curfewkv/curfew/internal/toolkit/quantity"
	"github.com/curfewkv/curfew/internal/toolkit/sweep"
)

// fixFlags are the flags of curfew ttl fix, as text where they have a form of their own.
type fixFlags struct {
	servers  connect.Options
	sweep    sweep.Options
	standard quantity.Duration
	match    []string
	rules    []string
	exclude  []string
	jitter   quantity.Percent
	method   string
	race     bool
	dryRun   bool
	json     bool
	report   string
	changes  string
	undo     string
}

func newTTLFixCommand() *cobra.Command {
	f := &fixFlags{}
	cmd := &cobra.Command{
		Use:   "fix --default TTL --match PATTERN",
		Short: "Give keys that have no TTL one",
		Long: `Give keys that have no TTL one. A TTL that is there is never changed: the server itself refuses that (EXPIRE with NX, or a
script on servers older than Redis 7.0), so a program that sets one at the same moment wins.

Every key is visited once, by SCAN on each primary, with one pipeline a page. What was done is counted by rule and by
server, and each key in one place. With --resume FILE an interrupted run, or a killed one, goes on where it stopped.
With --changes FILE every change is noted, and --undo FILE takes those back whose TTL is still the same.

A jitter moves the TTL of each key up or down by a share that follows from the key, so that they do not expire together.`,
		Example: `  curfew ttl fix --default 24h --match 'session:*' --jitter 10% --dry-run
  curfew ttl fix --default 24h --match 'session:*' --jitter 10% --resume fix.state --changes fix.jsonl
  curfew ttl fix --rule 'session:*=24h' --rule 'session:admin:*=1h' --rule 'cache:*=7d' --exclude 'cache:config:*'
  curfew ttl fix --undo fix.jsonl`,
		Args: cobra.NoArgs,
		RunE: tool(func(ctx context.Context, cmd *cobra.Command, _ []string) error { return f.run(ctx, cmd) }),
	}
	flags := cmd.Flags()
	f.servers.AddFlags(flags)
	f.sweep.AddFlags(flags)
	flags.Var(&f.standard, "default", "TTL for keys that match --match, as 90s, 24h or 7d")
	flags.StringArrayVar(&f.match, "match", nil, "glob pattern of the keys that get the --default; may be given again")
	flags.StringArrayVar(&f.rules, "rule", nil, "pattern=TTL; may be given again, and of the patterns that match a key the longest counts")
	flags.StringArrayVar(&f.exclude, "exclude", nil, "glob pattern of keys that are left alone; may be given again")
	flags.Var(&f.jitter, "jitter", "move each TTL up or down by at most this share, less than 100%")
	flags.StringVar(&f.method, "method", string(fix.Auto), "how a TTL that is there is left alone: auto, nx, script or race")
	flags.BoolVar(&f.race, "allow-race", false, "where a server offers no way to look and set in one step, do it in two")
	flags.BoolVar(&f.dryRun, "dry-run", false, "change nothing, count what would be changed")
	flags.BoolVar(&f.json, "json", false, "print the report as JSON")
	flags.StringVar(&f.report, "report", "", "also write the report to this file as JSON")
	flags.StringVar(&f.changes, "changes", "", "append every change to this file, a line of JSON each")
	flags.StringVar(&f.undo, "undo", "", "take back the changes in this file, where the TTL is still the same")
	return cmd
}

func (f *fixFlags) options() (fix.Options, error) {
	o := fix.Options{
		Exclude: f.exclude, Jitter: float64(f.jitter), DryRun: f.dryRun, Method: fix.Method(f.method), AllowRace: f.race, Changes: f.changes, Sweep: f.sweep,
	}
	if len(f.match) > 0 && f.standard == 0 {
		return o, errors.New("--match says which keys, but no --default says which TTL")
	}
	if f.standard != 0 && len(f.match) == 0 {
		return o, errors.New("--default needs --match; for every key that has no TTL, --match '*'")
	}
	for _, pattern := range f.match {
		o.Rules = append(o.Rules, fix.Rule{Pattern: pattern, TTL: time.Duration(f.standard)})
	}
	for _, text := range f.rules {
		rule, err := fix.ParseRule(text)
		if err != nil {
			return o, err
		}
		o.Rules = append(o.Rules, rule)
	}
	return o, nil
}

func (f *fixFlags) run(ctx context.Context, cmd *cobra.Command) error {
	if f.undo != "" {
		return f.runUndo(ctx, cmd)
	}
	o, err := f.options()
	if err != nil {
		return err
	}
	if err := tryReport(f.report); err != nil {
		return err
	}
	target, err := connect.Open(ctx, f.servers)
	if err != nil {
		return err
	}
	defer target.Close()
	o.Sweep.Screen = cmd.ErrOrStderr()
	report, err := fix.Run(ctx, target, o)
	if report == nil {
		return err
	}
	if shown := f.show(cmd, report); err == nil {
		err = shown
	}
	if err == nil && report.Total.Failed > 0 {
		err = fmt.Errorf("%d keys could not be fixed", report.Total.Failed)
	}
	return resumable(err, report.Complete, f.sweep.Resume)
}

func (f *fixFlags) show(cmd *cobra.Command, report *fix.Report) error {
	if f.report != "" {
		if err := writeReport(f.report, report); err != nil {
			return err
		}
	}
	if f.json {
		return output.JSON(cmd.OutOrStdout(), report)
	}
	return report.Text(cmd.OutOrStdout())
}

func (f *fixFlags) runUndo(ctx context.Context, cmd *cobra.Command) error {
	if f.standard != 0 || len(f.match)+len(f.rules) > 0 || f.changes != "" || f.sweep.Resume != "" {
		return errors.New("--undo takes changes back; it goes with no rules, --changes or --resume")
	}
	if _, err := os.Stat(f.undo); err != nil {
		return fmt.Errorf("--undo: %w", err)
	}
	target, err := connect.Open(ctx, f.servers)
	if err != nil {
		return err
	}
	defer target.Close()
	progress := output.NewProgress(cmd.ErrOrStderr(), "undo", -1, f.sweep.Quiet)
	undone, err := fix.Undo(ctx, target, fix.UndoOptions{
		File: f.undo, DryRun: f.dryRun, AllowRace: f.race, RetryFor: f.sweep.RetryFor, Progress: progress,
	})
	progress.Done()
	if undone == nil {
		return err
	}
	show := undone.Text
	if f.json {
		if shown := output.JSON(cmd.OutOrStdout(), undone); err == nil {
			err = shown
		}
	} else if shown := show(cmd.OutOrStdout()); err == nil {
		err = shown
	}
	if err == nil && undone.Failed > 0 {
		err = fmt.Errorf("%d keys could not be undone", undone.Failed)
	}
	return err
}

// tryReport makes the file of a report, so that one that cannot be written is known before anything is changed.
func tryReport(path string) error {
	if path == "" {
		return nil
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("--report: %w", err)
	}
	return f.Close()
}

// writeReport writes a report to a file.
func writeReport(path string, v any) error {
	f, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("--report: %w", err)
	}
	return errors.Join(output.JSON(f, v), f.Close())
}

// resumable says how to go on after an error.
func resumable(err error, complete bool, state string) error {
	switch {
	case err == nil || complete:
		return err
	case state != "":
		return fmt.Errorf("%w; the same command goes on where it stopped (%s)", err, state)
	}
	return fmt.Errorf("%w; with --resume FILE a run can be gone on with", err)
}
