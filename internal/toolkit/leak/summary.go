package leak

import (
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/dustin/go-humanize"
)

// A Summary is the story in figures, without what was on the server before.
type Summary struct {
	PeakBytes   int64   `json:"peak_bytes"`
	PeakKeys    int64   `json:"peak_keys"`
	PeakNoTTL   int64   `json:"peak_no_ttl"`
	NoTTLAlarm  float64 `json:"no_ttl_alarm_seconds"` // after the first bad write
	MemoryAlarm float64 `json:"memory_alarm_seconds"`
	Fixed       int64   `json:"fixed"`
	FixSeconds  float64 `json:"fix_seconds"`
	AfterBytes  int64   `json:"after_bytes"`
	AfterKeys   int64   `json:"after_keys"`
	AfterNoTTL  int64   `json:"after_no_ttl"`
	Seconds     float64 `json:"seconds"`
}

// Text writes the summary beside the figures that the post-mortem gives of the incident.
func (s *Summary) Text(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	fmt.Fprintln(t, "\n\there\tthe incident that this is after")
	row := func(name, here, incident string) { fmt.Fprintf(t, "%s\t%s\t%s\n", name, here, incident) }
	row("keys at the peak", humanize.Comma(s.PeakKeys), "12,043,211")
	row("memory at the peak", mib(s.PeakBytes), "100 GB")
	row("alarm on keys without a TTL", after(s.NoTTLAlarm), "3 min, once there was one")
	row("alarm on memory", after(s.MemoryAlarm), "2 h")
	row("giving the keys a TTL", fmt.Sprintf("%s keys in %s", humanize.Comma(s.Fixed), duration(s.FixSeconds)), "12M keys in 4 h 15 min")
	row("memory after", mib(s.AfterBytes)+change(s.PeakBytes, s.AfterBytes), "22 GB (-78%)")
	row("keys without a TTL after", humanize.Comma(s.AfterNoTTL), "")
	return t.Flush()
}

func after(seconds float64) string {
	if seconds == 0 {
		return "not raised"
	}
	return "after " + duration(seconds)
}

func duration(seconds float64) string {
	d := time.Duration(seconds * float64(time.Second))
	if d < time.Second {
		return d.Round(time.Millisecond).String()
	}
	return d.Round(100 * time.Millisecond).String()
}

func change(from, to int64) string {
	if from == 0 {
		return ""
	}
	return fmt.Sprintf(" (%+.0f%%)", 100*(float64(to)/float64(from)-1))
}
