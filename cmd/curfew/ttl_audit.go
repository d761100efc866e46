package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/curfewkv/curfew/internal/toolkit/audit"
	"github.com/curfewkv/curfew/internal/toolkit/connect"
	"github.com/curfewkv/curfew/internal/toolkit/output"
)

// auditFlags are what the user asks of one `curfew ttl audit`.
type auditFlags struct {
	connect connect.Options
	options audit.Options

	rdb          string
	format, file string
	sort         string
	json, quiet  bool
	failIf       []string
}

// auditFormats write a report; width is of the terminal.
var auditFormats = map[string]func(w io.Writer, r *audit.Report, width int) error{
	"table":      audit.WriteTable,
	"csv":        audit.WriteCSV,
	"prometheus": audit.WritePrometheus,
	"html":       audit.WriteHTML,
	"json":       func(w io.Writer, r *audit.Report, _ int) error { return output.JSON(w, r) },
}

func newTTLAuditCommand() *cobra.Command {
	var f auditFlags
	cmd := &cobra.Command{
		Use:   "audit",
		Short: "Show what lifetimes keys have: per prefix, keys, bytes, keys without TTL, TTLs, idle times",
		Long: `Show what lifetimes keys have. How many keys there are and how many have no TTL comes from INFO at once, exactly. The rest
is estimated from a random sample of keys (20,000 of them, some seconds), with an interval for each figure, per prefix;
prefixes are found by themselves: user:1001:profile counts as user:*:profile.

A sample is drawn by RANDOMKEY, not SCAN: on Redis a long SCAN of a primary can hold up the removal of expired keys
elsewhere in the keyspace (redis/redis issue 15411). --exact does look at every key, by SCAN; a replica, which removes none by
itself, is not held up by that. Replicas are looked at where there are any in step. The rate yields when a server slows down. Nothing is changed,
no key looks used, and no command is needed that managed services refuse.

--fail-if is for CI: FIELD OP NUMBER or FIELD[PATTERN] OP NUMBER; the exit status is 1 when one of several holds. Fields:
` + audit.ConditionHelp() + `.
Numbers may end in %, k, m, kb, mb, gb, h, d; TTLs are in seconds. no_ttl of all keys is what servers count.`,
		Example: `  curfew ttl audit -u rediss://user@redis.example.com:6380
  curfew ttl audit -a 10.0.0.1:6379 --format html -o report.html
  curfew ttl audit --fail-if 'no_ttl>1000' --fail-if 'no_ttl[session:*]>0' --json
  curfew ttl audit --exact --rate 20000 --resume audit.state
  curfew ttl audit --rdb dump.rdb --prefix 'session:*,user:*'`,
		Args: cobra.NoArgs,
		RunE: tool(func(ctx context.Context, cmd *cobra.Command, _ []string) error { return f.run(ctx, cmd) }),
	}
	flags := cmd.Flags()
	f.connect.AddFlags(flags)
	o := &f.options
	flags.IntVar(&o.Samples, "samples", 0, "keys to draw (default 20000)")
	flags.Float64Var(&o.Precision, "precision", 0, "draw as many keys as give shares to within this, such as 0.01")
	flags.BoolVar(&o.Exact, "exact", false, "look at every key")
	flags.BoolVar(&o.NoReplicas, "no-replicas", false, "look at primaries even where replicas are in step")
	flags.Float64Var(&o.Rate, "rate", 0, "keys a second for each node, at most; fewer while it answers slowly (default 10000, with --exact 50000)")
	flags.IntVar(&o.MemorySamples, "memory-samples", 0, "elements of a collection that its size is estimated from (default 5)")
	flags.StringVar(&f.rdb, "rdb", "", "audit this snapshot (RDB file, - for standard input), all its databases, instead of a server")
	flags.StringVar(&o.Resume, "resume", "", "file in which an interrupted --exact keeps its state, and goes on from")
	flags.IntVar(&o.Rows, "rows", 0, "prefixes to tell apart (default 50)")
	flags.StringSliceVar(&o.Prefixes, "prefix", nil, "count under these patterns instead of finding prefixes, such as 'session:*,user:*'")
	flags.StringVar(&o.Separators, "separator", "", "characters that part the segments of keys (default: finds out)")
	flags.StringVar(&f.sort, "sort", "keys", "order prefixes by keys, bytes or no_ttl")
	flags.StringVar(&f.format, "format", "table", strings.Join(auditFormatNames(), ", "))
	flags.BoolVar(&f.json, "json", false, "as --format json")
	flags.StringVarP(&f.file, "output", "o", "", "file to write to (default: standard output)")
	flags.StringArrayVar(&f.failIf, "fail-if", nil, "exit with status 1 when this holds, such as 'no_ttl>1000'; may be repeated")
	flags.BoolVarP(&f.quiet, "quiet", "q", false, "no progress bar")
	return cmd
}

func auditFormatNames() []string {
	var names []string
	for name := range auditFormats {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func (f *auditFlags) run(ctx context.Context, cmd *cobra.Command) error {
	if f.json {
		f.format = "json"
	}
	write := auditFormats[f.format]
	if write == nil {
		return fmt.Errorf("--format %s: one of %s", f.format, strings.Join(auditFormatNames(), ", "))
	}
	if err := (&audit.Report{}).Sort(f.sort); err != nil {
		return err
	}
	conditions, err := f.conditions()
	if err != nil {
		return err
	}
	f.options.Progress = func(what string, n int64) *output.Progress {
		return output.NewProgress(cmd.ErrOrStderr(), what, n, f.quiet)
	}
	stdout := cmd.OutOrStdout()
	atOnce := f.format == "table" && f.file == "" && f.rdb == ""
	if atOnce {
		f.options.Counted = func(r *audit.Report) { _ = audit.WriteCounts(stdout, r) }
	}
	report, err := f.audit(ctx)
	if report == nil {
		return err
	}
	report.Command = commandLine()
	err = errors.Join(err, report.Sort(f.sort), f.write(stdout, func(w io.Writer) error {
		if f.format == "table" && !atOnce {
			if err := audit.WriteCounts(w, report); err != nil {
				return err
			}
		}
		return write(w, report, width(w))
	}))
	if err != nil {
		return err
	}
	return crossed(report, conditions)
}

func (f *auditFlags) audit(ctx context.Context) (*audit.Report, error) {
	if f.rdb != "" {
		switch {
		case f.connect.URL != "" || len(f.connect.Addrs) > 0:
			return nil, errors.New("--rdb reads a file: --url and --addr do not go with it")
		case f.options.Exact || f.options.Samples > 0 || f.options.Precision > 0 || f.options.Resume != "":
			return nil, errors.New("--rdb reads every key of a file: --exact, --samples, --precision and --resume do not go with it")
		}
		return audit.RunRDB(ctx, f.rdb, f.options)
	}
	target, err := connect.Open(ctx, f.connect)
	if err != nil {
		return nil, err
	}
	defer target.Close()
	return audit.Run(ctx, target, f.options)
}

func (f *auditFlags) conditions() ([]audit.Condition, error) {
	var list []audit.Condition
	for _, text := range f.failIf {
		c, err := audit.ParseCondition(text)
		if err != nil {
			return nil, fmt.Errorf("--fail-if %w", err)
		}
		list = append(list, c)
		if p := c.Pattern(); p != "" && !slices.Contains(f.options.Asked, p) {
			f.options.Asked = append(f.options.Asked, p)
		}
	}
	return list, nil
}

// write writes to the file that was asked for, which is there as a whole or not at all.
func (f *auditFlags) write(stdout io.Writer, write func(io.Writer) error) error {
	if f.file == "" || f.file == "-" {
		return write(stdout)
	}
	file, err := os.CreateTemp(filepath.Dir(f.file), ".audit-*")
	if err != nil {
		return fmt.Errorf("--output: %w", err)
	}
	defer os.Remove(file.Name()) // fails when all is well
	err = errors.Join(write(file), file.Chmod(0o644), file.Close())
	if err == nil {
		err = os.Rename(file.Name(), f.file)
	}
	if err != nil {
		return fmt.Errorf("--output: %w", err)
	}
	return nil
}

// crossed is the finding of the conditions that hold.
func crossed(report *audit.Report, conditions []audit.Condition) error {
	var found []string
	for _, c := range conditions {
		text, err := c.Crossed(report)
		if err != nil {
			return fmt.Errorf("--fail-if %w", err)
		}
		if text != "" {
			found = append(found, text)
		}
	}
	if len(found) == 0 {
		return nil
	}
	return output.Findingf("%s", strings.Join(found, "; "))
}

// width is how many columns a line may have: in a pipe, enough for all.
func width(w io.Writer) int {
	const unlimited = 200
	if f, ok := w.(*os.File); ok && output.IsTerminal(f) {
		if columns, _, err := term.GetSize(int(f.Fd())); err == nil && columns > 0 {
			return columns
		}
		return 80
	}
	return unlimited
}

// commandLine is how the tool was called, for a report that is read elsewhere: passwords are left out.
func commandLine() string {
	line := []string{"curfew"}
	hide := false
	for _, arg := range os.Args[1:] {
		switch {
		case hide:
			arg, hide = "***", false
		case arg == "--password" || arg == "--sentinel-password":
			hide = true
		case strings.HasPrefix(arg, "--password=") || strings.HasPrefix(arg, "--sentinel-password="):
			arg = arg[:strings.IndexByte(arg, '=')+1] + "***"
		default:
			arg = withoutPassword(arg)
		}
		if arg != "***" {
			arg = output.Shell(arg)
		}
		line = append(line, arg)
	}
	return strings.Join(line, " ")
}

// withoutPassword hides the password of a URL such as redis://user:password@host.
func withoutPassword(arg string) string {
	scheme := strings.Index(arg, "://")
	if scheme < 0 {
		return arg
	}
	at := strings.LastIndexByte(arg, '@')
	colon := strings.IndexByte(arg[scheme+3:], ':')
	if at < 0 || colon < 0 || scheme+3+colon > at {
		return arg
	}
	return arg[:scheme+3+colon+1] + "***" + arg[at:]
}
