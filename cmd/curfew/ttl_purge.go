package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/curfewkv/curfew/internal/toolkit/connect"
	"github.com/curfewkv/curfew/internal/toolkit/output"
	"github.com/curfewkv/curfew/internal/toolkit/purge"
	"github.com/curfewkv/curfew/internal/toolkit/quantity"
	"github.com/curfewkv/curfew/lifetime"
)

// purgeFlags are the flags of curfew ttl purge.
type purgeFlags struct {
	servers                            connect.Options
	purge                              purge.Options
	ttlAbove, idleFor, olderThan, full quantity.Duration
	tags                               []string
	tagPrefix                          string
	tagSets                            []string
	yes                                bool
	json                               bool
	report                             string
}

func newTTLPurgeCommand() *cobra.Command {
	f := &purgeFlags{}
	cmd := &cobra.Command{
		Use:   "purge --match PATTERN [conditions] | --tag NAME | --tag-set KEY",
		Short: "Remove keys by pattern, TTL, idle time or tag, without harming the server",
		Long: `Remove keys that match a pattern and hold every condition given, by UNLINK (DEL where a server does not know that), found by
SCAN on each primary, one pipeline a page. With --dry-run it counts, and shows some of the keys and what they weigh.

A server does not know how old a key is. --older-than 2h --ttl 24h takes what is left of a TTL of 24h for the age;
--idle-for is the time since a key was last used, which a server with an LFU maxmemory-policy does not count.

Where a key is judged by its TTL or use, a script judges and removes it in one step. Where EVAL is not allowed that takes
two steps, and a key that is renewed in between goes too; the report says so.

--tag invalidates the values that package lifetime wrote with that tag: one command, whatever their number; their memory is
freed at their TTL. --tag-set removes the keys that are members of a set, and the members with them.`,
		Example: `  curfew ttl purge --match 'session:*' --no-ttl --dry-run
  curfew ttl purge --match 'cache:v1:*' --rate 20000 --resume purge.state --yes
  curfew ttl purge --match 'session:*' --older-than 2h --ttl 24h --yes
  curfew ttl purge --tag promo --yes
  curfew ttl purge --tag-set tag:promo --yes`,
		Args: cobra.NoArgs,
		RunE: tool(func(ctx context.Context, cmd *cobra.Command, _ []string) error { return f.run(ctx, cmd) }),
	}
	flags := cmd.Flags()
	f.servers.AddFlags(flags)
	f.purge.Sweep.AddFlags(flags)
	flags.StringArrayVar(&f.purge.Match, "match", nil, "glob pattern; may be given again")
	flags.StringArrayVar(&f.purge.Exclude, "exclude", nil, "glob pattern of keys that stay; may be given again")
	flags.BoolVar(&f.purge.NoTTL, "no-ttl", false, "keys without a TTL")
	flags.Var(&f.ttlAbove, "ttl-above", "keys with at least that much left of their TTL")
	flags.Var(&f.idleFor, "idle-for", "keys that nobody used for that long")
	flags.Var(&f.olderThan, "older-than", "keys that were written that long ago, if all got the TTL of --ttl")
	flags.Var(&f.full, "ttl", "the TTL that keys were written with, for --older-than")
	flags.StringArrayVar(&f.tags, "tag", nil, "tag of package lifetime; may be given again")
	flags.StringVar(&f.tagPrefix, "tag-prefix", "", "where the program keeps its tags (default lifetime:tag:)")
	flags.StringArrayVar(&f.tagSets, "tag-set", nil, "key of a set whose members are keys; may be given again")
	flags.BoolVar(&f.purge.DryRun, "dry-run", false, "remove nothing, count what would be removed")
	flags.BoolVar(&f.yes, "yes", false, "do not ask")
	flags.BoolVar(&f.json, "json", false, "print the report as JSON")
	flags.StringVar(&f.report, "report", "", "also write the report to this file as JSON")
	return cmd
}

func (f *purgeFlags) run(ctx context.Context, cmd *cobra.Command) error {
	o := f.purge
	o.TTLAbove, o.IdleFor, o.OlderThan, o.TTL = time.Duration(f.ttlAbove), time.Duration(f.idleFor), time.Duration(f.olderThan), time.Duration(f.full)
	o.Sweep.Screen = cmd.ErrOrStderr()
	byTag := len(f.tags)+len(f.tagSets) > 0
	if byTag && (len(o.Match)+len(o.Exclude) > 0 || o.NoTTL || o.TTLAbove+o.IdleFor+o.OlderThan+o.TTL > 0 || o.Sweep.Type != "" || o.Sweep.Resume != "") {
		return errors.New("--tag and --tag-set say which keys by themselves, and go with no pattern, condition or --resume: a set that was purged in part is gone on with")
	}
	if !byTag {
		if err := o.Check(); err != nil {
			return err
		}
	}
	asks := !f.yes && !o.DryRun
	if asks && !(output.IsTerminal(cmd.ErrOrStderr()) && fromTerminal(cmd.InOrStdin())) {
		return errors.New("there is nobody to ask: say --yes, or look first with --dry-run")
	}
	if err := tryReport(f.report); err != nil {
		return err
	}
	target, err := connect.Open(ctx, f.servers)
	if err != nil {
		return err
	}
	defer target.Close()
	if byTag {
		return f.runTags(ctx, cmd, target, o, asks)
	}
	if asks {
		estimate, err := purge.Foresee(ctx, target, o)
		if err != nil {
			return err
		}
		estimate.Text(cmd.ErrOrStderr())
		if err := ask(ctx, cmd); err != nil {
			return err
		}
	}
	report, err := purge.Run(ctx, target, o)
	if report == nil {
		return err
	}
	if shown := f.show(cmd, report, report.Text); err == nil {
		err = shown
	}
	if err == nil && report.Total.Failed > 0 {
		err = fmt.Errorf("%d keys could not be removed", report.Total.Failed)
	}
	return resumable(err, report.Complete, o.Sweep.Resume)
}

// tagged is the report of --tag and --tag-set.
type tagged struct {
	DryRun bool               `json:"dry_run"`
	Tags   []string           `json:"tags,omitempty"`
	InUse  int64              `json:"tags_in_use"` // of these
	Sets   []*purge.TagReport `json:"sets,omitempty"`
}

func (t *tagged) Text(w io.Writer) error {
	if len(t.Tags) > 0 {
		verb := "Invalidated"
		if t.DryRun {
			verb = "Dry run: would invalidate"
		}
		fmt.Fprintf(w, "%s %d tags, of which %d were in use; the memory of their values is freed at their TTL.\n", verb, len(t.Tags), t.InUse)
	}
	for _, s := range t.Sets {
		if err := s.Text(w); err != nil {
			return err
		}
	}
	return nil
}

func (f *purgeFlags) runTags(ctx context.Context, cmd *cobra.Command, target *connect.Target, o purge.Options, asks bool) error {
	report := &tagged{DryRun: o.DryRun, Tags: f.tags}
	if asks {
		fmt.Fprintf(cmd.ErrOrStderr(), "This invalidates the tags %q, and removes the keys that the sets %q name.\n", f.tags, f.tagSets)
		if err := ask(ctx, cmd); err != nil {
			return err
		}
	}
	var err error
	switch {
	case len(f.tags) == 0:
	case o.DryRun:
		prefix := f.tagPrefix
		if prefix == "" {
			prefix = "lifetime:tag:"
		}
		for _, tag := range f.tags {
			there, looked := target.Client.Exists(ctx, prefix+tag).Result()
			report.InUse, err = report.InUse+there, errors.Join(err, looked)
		}
	default:
		report.InUse, err = lifetime.NewTags(target.Client, lifetime.TagsOptions{Prefix: f.tagPrefix}).Invalidate(ctx, f.tags...)
	}
	for _, set := range f.tagSets {
		if err != nil {
			break
		}
		var done *purge.TagReport
		if done, err = purge.TagSet(ctx, target, set, o.Sweep, o.DryRun); done != nil {
			report.Sets = append(report.Sets, done)
		}
	}
	return errors.Join(err, f.show(cmd, report, report.Text))
}

func (f *purgeFlags) show(cmd *cobra.Command, report any, text func(io.Writer) error) error {
	if f.report != "" {
		if err := writeReport(f.report, report); err != nil {
			return err
		}
	}
	if f.json {
		return output.JSON(cmd.OutOrStdout(), report)
	}
	return text(cmd.OutOrStdout())
}

func fromTerminal(r io.Reader) bool {
	f, ok := r.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// ask wants a yes. It ends with ctx, though the read behind it stays until the program does.
func ask(ctx context.Context, cmd *cobra.Command) error {
	fmt.Fprint(cmd.ErrOrStderr(), "Go on? [y/N] ")
	answer := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(cmd.InOrStdin()).ReadString('\n')
		answer <- strings.ToLower(strings.TrimSpace(line))
	}()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case text := <-answer:
		if text == "y" || text == "yes" {
			return nil
		}
		return errors.New("nothing was removed")
	}
}
