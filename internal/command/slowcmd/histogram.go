package slowcmd

import (
	"strings"

	"github.com/curfewkv/curfew/internal/command"
	"github.com/curfewkv/curfew/internal/metrics"
)

// commandDurations is a command with its durations.
type commandDurations struct {
	name string
	h    *metrics.Histogram
}

// histogram replies the distribution of the named commands' durations, a container's name standing for its subcommands,
// or of all commands'. Commands that do not exist or were not called are left out.
func (d *Deps) histogram(c *command.Ctx) error {
	var all, out []commandDurations
	d.Histograms(func(name string, h *metrics.Histogram) { all = append(all, commandDurations{name, h}) })
	if len(c.Args) == 2 {
		out = all
	}
	for _, a := range c.Args[2:] {
		word := strings.ToLower(string(a))
		for _, cd := range all {
			if cd.name == word || strings.HasPrefix(cd.name, word+"|") {
				out = append(out, cd)
			}
		}
	}
	c.Out.Map(len(out))
	for _, cd := range out {
		c.Out.BulkString(cd.name)
		writeHistogram(c, cd.h)
	}
	return nil
}

const (
	// firstBucket is the end of the first bucket in ns; each of the following is twice as wide as the one before.
	firstBucket = 1 << 10
	// buckets is their number. The last ends at 2^30 ns and holds what is longer too.
	buckets = 21
)

// writeHistogram replies the number of calls, and how many took as many microseconds at most, for the buckets that add some.
func writeHistogram(c *command.Ctx, h *metrics.Histogram) {
	var counts [buckets]int64
	calls := int64(0)
	h.Each(func(upperNs, n int64) {
		i := 0
		for i < buckets-1 && upperNs >= firstBucket<<i {
			i++
		}
		counts[i] += n
		calls += n
	})
	c.Out.Map(2)
	c.Out.BulkString("calls")
	c.Out.Int(calls)
	c.Out.BulkString("histogram_usec")
	d := c.Out.DeferMap()
	sum, n := int64(0), 0
	for i, count := range counts {
		if count == 0 {
			continue
		}
		sum += count
		n++
		c.Out.Int(micros(i))
		c.Out.Int(sum)
	}
	c.Out.Close(d, n)
}

// micros is the end of bucket i in µs as Redis shows it, whose histogram cannot tell values apart that differ by less than
// their 128th part.
func micros(i int) int64 {
	end := int64(firstBucket) << i
	return (end + end/128 - 1) / 1000
}
