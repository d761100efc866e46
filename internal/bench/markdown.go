package bench

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// WriteMarkdown writes the report as a page of documentation.
func (r *Report) WriteMarkdown(w io.Writer) error {
	var b strings.Builder
	r.head(&b)
	for i := range r.Outcomes {
		r.section(&b, &r.Outcomes[i])
	}
	b.WriteString(replayText)
	_, err := io.WriteString(w, b.String())
	return err
}

func (r *Report) head(b *strings.Builder) {
	missed, checked := r.Missed()
	b.WriteString("# Benchmarks\n\n")
	fmt.Fprintf(b, "Written by `%s`; do not edit by hand.\n\n", r.Command)
	fmt.Fprintf(b, "%d of %d goals met", checked-missed, checked)
	if missed > 0 {
		b.WriteString("; the others are marked **MISSED** below")
	}
	b.WriteString(".\n\n| | |\n|---|---|\n")
	line := func(name, value string) { fmt.Fprintf(b, "| %s | %s |\n", name, value) }
	line("date", r.Started.UTC().Format("2006-01-02 15:04 UTC"))
	m := r.Machine
	line("machine", fmt.Sprintf("%s, %d cores, %.0f GiB, %s", m.CPU, m.Cores, m.Memory, m.System))
	for _, c := range r.Contenders {
		line(c, r.Servers[c])
	}
	line("built with", m.Go)
	line("placement", r.Placement)
	line("rounds", fmt.Sprintf("%d, in turn; medians are shown", r.Rounds))
	line("took", r.Took.Round(time.Second).String())
	if r.Noise.Samples > 0 {
		line("noise", r.Noise.text())
	}
	b.WriteString("\n" + methodText)
	if r.Quick {
		b.WriteString("\nThis was a quick run: some scenarios are smaller than those for which the goals are stated.\n")
	}
}

const methodText = `## How it is measured

Every scenario gets a freshly started server, all with the same configuration and without persistence, reached over
loopback (with ` + "`--addr`" + `, one that was running before, emptied). The servers take turns, round by round, so that a slow spell of the machine meets both; each figure is the
median of its rounds. A ratio below 1 is less than the peer's. Machines are noisy: ratios of one run mean more than
numbers of two.

Goals in microseconds are shares of the peer's figure, because a number that was set on one machine says nothing on
another; they are set for redis-server 7.0.15 as the peer.

A *bystander* is a client that does no harm: a GET of its own key on a fixed schedule, whether or not earlier ones have
been answered, from a process of its own at real-time priority. A stall thus shows in every request that it keeps
waiting, not in one. If the driver itself wakes up late, that is not charged to the server; how late it woke is shown above.
`

func (r *Report) section(b *strings.Builder, o *Outcome) {
	fmt.Fprintf(b, "\n## %s\n\n%s\n\n", strings.ToUpper(o.Scenario[:1])+o.Scenario[1:], o.About)
	if len(o.Rows) > 0 {
		titles := r.titles()
		row(b, titles)
		b.WriteString("|---|---|---|" + strings.Repeat("---:|", len(titles)-4) + "---|\n")
		for i := range o.Rows {
			fields := o.Rows[i].columns()
			if o.Rows[i].Verdict() == Missed {
				fields[len(fields)-1] = "**MISSED**"
			}
			row(b, fields)
		}
	}
	for i := range o.Rows {
		for _, c := range o.Rows[i].Cells {
			if c.Missing != "" && o.Failures[c.Contender] == "" {
				fmt.Fprintf(b, "\n%s, %s: %s.\n", o.Rows[i].Name, c.Contender, strings.TrimSuffix(c.Missing, "."))
			}
		}
	}
	for _, name := range r.Contenders {
		if text := o.Failures[name]; text != "" {
			fmt.Fprintf(b, "\n**%s could not be measured:** %s\n", name, text)
		}
	}
}

func row(b *strings.Builder, fields []string) {
	escaped := make([]string, len(fields))
	for i, f := range fields {
		// A leading ">=" would be harmless in a table, but "<" begins HTML.
		escaped[i] = strings.NewReplacer("|", `\|`, "<=", "≤", ">=", "≥", "<", "&lt;").Replace(f)
	}
	b.WriteString("| " + strings.Join(escaped, " | ") + " |\n")
}

const replayText = `
## Hit ratios: curfew replay

How many requests a cache answers depends on the traffic, so it is measured with recorded traffic rather than a
generator:

    curfew replay OLTP.lis.zst --addr 127.0.0.1:6379 --maxmemory 8mb --policy allkeys-s3fifo --flush --rate 20000 \
        --compare 127.0.0.1:6380 --compare-policy allkeys-lru,allkeys-lfu

sends each request of the trace as a GET, and after a miss a SET with the object's size and lifetime, through go-redis.
It prints hits, evictions, expirations, memory and its overshoot for each server and policy, side by side. It reads the
traces of ARC, LIRS, Twitter, CacheLib, cache2k, Corda, Mooncake and AdaptSize, CPU address traces and plain lists of
keys, packed with gzip, zstd or xz.

Two things make a comparison fair. The same ` + "`maxmemory`" + ` holds more keys in a server that needs less memory per key; that
is part of the result. And Redis's LRU tells accesses apart by whole seconds: a trace of hours replayed within seconds
leaves it nearly blind (73.0% hits at 18,000 requests/s, 70.3% at 500,000, on one trace), so set ` + "`--rate`" + ` or ` + "`--speed`" + `.

## Running them

    curfew bench                        everything against the redis-server on the path
    curfew bench lag storm              two scenarios
    curfew bench --quick                everything, smaller, in about two minutes
    curfew bench --report FILE          this page
    curfew bench --json FILE            every figure of every round
`
