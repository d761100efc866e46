package advise

import (
	"fmt"
	"time"

	"github.com/dustin/go-humanize"
)

func percent(share float64) string {
	switch {
	case share == 0:
		return "none"
	case share < 0.001:
		return "under 0.1%"
	}
	return fmt.Sprintf("%.3g%%", 100*share)
}

func count(n int64) string { return humanize.Comma(n) }

func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return humanize.Comma(int64(n)) + " " + many
}

func size(n int64) string { return humanize.IBytes(uint64(max(n, 0))) }

// span is a duration for a sentence: one unit is enough.
func span(d time.Duration) string {
	switch {
	case d/time.Second == 1:
		return "1 second"
	case d < 2*time.Minute:
		return fmt.Sprintf("%d seconds", d/time.Second)
	case d < 2*time.Hour:
		return fmt.Sprintf("%d minutes", d/time.Minute)
	case d < 48*time.Hour:
		return fmt.Sprintf("%d hours", d/time.Hour)
	}
	return fmt.Sprintf("%d days", d/(24*time.Hour))
}

// plain is a duration as a flag takes it, in the largest whole unit.
func plain(d time.Duration) string {
	switch {
	case d >= time.Hour:
		return fmt.Sprintf("%dh", (d+time.Hour-1)/time.Hour)
	case d >= time.Minute:
		return fmt.Sprintf("%dm", (d+time.Minute-1)/time.Minute)
	}
	return fmt.Sprintf("%ds", max(1, (d+time.Second-1)/time.Second))
}
