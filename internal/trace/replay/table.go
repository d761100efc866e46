package replay

import (
	"fmt"
	"io"
	"strconv"
	"text/tabwriter"
	"time"
)

// figure is one row of the table.
type figure struct {
	name string
	text func(r *Result) string
	show func(r *Result) bool // nil: always
}

var figures = []figure{
	{"policy", func(r *Result) string { return r.Policy }, func(r *Result) bool { return r.Policy != "" }},
	{"hit ratio", func(r *Result) string { return fmt.Sprintf("%.2f%%", 100*r.HitRatio()) }, nil},
	{"miss ratio", func(r *Result) string { return fmt.Sprintf("%.2f%%", 100*(1-r.HitRatio())) }, nil},
	{"requests", func(r *Result) string { return number(r.Requests) }, nil},
	{"hits", func(r *Result) string { return number(r.Hits) }, nil},
	{"misses", func(r *Result) string { return number(r.Misses()) }, nil},
	{"- expired", because("expired"), reasons},
	{"- evicted", because("evicted"), reasons},
	{"- invalidated", because("invalidated"), reasons},
	{"- never set", because("absent"), reasons},
	{"writes", func(r *Result) string { return number(r.Sets) }, nil},
	{"deletes", func(r *Result) string { return number(r.Deletes) }, func(r *Result) bool { return r.Deletes > 0 }},
	{"writes refused (OOM)", func(r *Result) string { return number(r.Refused) }, func(r *Result) bool { return r.Refused > 0 }},
	{"values cut short", func(r *Result) string { return number(r.CutValues) }, func(r *Result) bool { return r.CutValues > 0 }},
	{"keys at the end", func(r *Result) string { return number(r.Keys) }, nil},
	{"evicted", func(r *Result) string { return number(r.Evicted) }, nil},
	{"expired", func(r *Result) string { return number(r.Expired) }, nil},
	{"maxmemory", func(r *Result) string { return number(r.MaxMemory) }, nil},
	{"used_memory", func(r *Result) string { return number(r.UsedMemory) }, nil},
	{"used_memory, peak", func(r *Result) string { return number(r.PeakMemory) }, nil},
	{"overshoot", overshoot, func(r *Result) bool { return r.MaxMemory > 0 }},
	{"RSS", func(r *Result) string { return number(r.RSS) }, func(r *Result) bool { return r.RSS > 0 }},
	{"requests/s", func(r *Result) string { return number(int64(r.PerSecond())) }, nil},
	{"time", func(r *Result) string { return r.Elapsed.Round(time.Millisecond).String() }, nil},
}

// WriteTable prints results side by side. With two or more, the misses of each are related to the first one's.
func WriteTable(w io.Writer, results []Result) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	row := func(name string, text func(r *Result) string) {
		fmt.Fprint(t, name, "\t")
		for i := range results {
			fmt.Fprint(t, text(&results[i]), "\t")
		}
		fmt.Fprintln(t)
	}
	row("", func(r *Result) string { return r.Label })
	row("server", func(r *Result) string { return r.Server })
	for _, f := range figures {
		wanted := f.show == nil
		for i := range results {
			wanted = wanted || f.show(&results[i])
		}
		if wanted {
			row(f.name, f.text)
		}
		if f.name == "misses" && len(results) > 1 {
			row("misses against the first", func(r *Result) string { return change(r.Misses(), results[0].Misses()) })
		}
	}
	return t.Flush()
}

func reasons(r *Result) bool { return r.MissesBecause != nil }

func because(reason string) func(r *Result) string {
	return func(r *Result) string {
		if r.MissesBecause == nil {
			return "-"
		}
		return number(r.MissesBecause[reason])
	}
}

func overshoot(r *Result) string {
	if r.MaxMemory == 0 {
		return "-"
	}
	return fmt.Sprintf("%s (%.2f%%)", number(r.Overshoot()), 100*float64(r.Overshoot())/float64(r.MaxMemory))
}

func change(n, base int64) string {
	if base == 0 {
		return "-"
	}
	return fmt.Sprintf("%+.1f%%", 100*(float64(n)/float64(base)-1))
}

// number writes n with thousands separated.
func number(n int64) string {
	s := strconv.FormatInt(n, 10)
	start := 0
	if n < 0 {
		start = 1
	}
	for i := len(s) - 3; i > start; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
