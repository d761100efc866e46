package audit

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
)

// Figures as people read them: three digits that count, and a unit.

func humanCount(n float64) string {
	n = math.Round(n)
	if math.Abs(n) < 10000 {
		return humanize.Comma(int64(n))
	}
	for _, u := range []struct {
		factor float64
		name   string
	}{{1e9, "G"}, {1e6, "M"}, {1e3, "k"}} {
		// 999,960 is 1.00M, not 1000k.
		if math.Abs(n) >= u.factor*0.9995 {
			return threeDigits(n/u.factor) + u.name
		}
	}
	return humanize.Comma(int64(n))
}

func threeDigits(x float64) string {
	switch {
	case math.Abs(x) < 9.995:
		return strconv.FormatFloat(x, 'f', 2, 64)
	case math.Abs(x) < 99.95:
		return strconv.FormatFloat(x, 'f', 1, 64)
	}
	return strconv.FormatFloat(x, 'f', 0, 64)
}

func humanBytes(n float64) string {
	if n < 0 {
		return "-"
	}
	for _, u := range []struct {
		factor float64
		name   string
	}{{1 << 40, "TiB"}, {1 << 30, "GiB"}, {1 << 20, "MiB"}, {1 << 10, "KiB"}} {
		if n >= u.factor*0.9995 {
			return threeDigits(n/u.factor) + " " + u.name
		}
	}
	return strconv.FormatFloat(math.Round(n), 'f', 0, 64) + " B"
}

func humanTime(d time.Duration) string {
	s := d.Seconds()
	switch {
	case s == 0:
		return "0s"
	case s < 1:
		return fmt.Sprintf("%dms", d.Milliseconds())
	case s < 100:
		return trimZeros(s) + "s"
	case s < 100*60:
		return trimZeros(s/60) + "m"
	case s < 48*3600:
		return trimZeros(s/3600) + "h"
	case s < 1000*86400:
		return trimZeros(s/86400) + "d"
	}
	return trimZeros(s/(365.25*86400)) + "y"
}

func trimZeros(x float64) string {
	if x >= 9.95 {
		return strconv.FormatFloat(x, 'f', 0, 64)
	}
	return strings.TrimSuffix(strconv.FormatFloat(x, 'f', 1, 64), ".0")
}

func humanMS(n *int64) string {
	if n == nil {
		return "-"
	}
	return humanTime(time.Duration(*n) * time.Millisecond)
}

func humanSeconds(n *float64) string {
	if n == nil {
		return "-"
	}
	return humanTime(seconds(*n))
}

func humanShare(x float64) string {
	switch p := 100 * x; {
	case p > 0 && p < 0.1:
		return "<0.1%"
	case p > 99.9 && p < 100:
		return ">99.9%"
	default:
		return strconv.FormatFloat(p, 'f', 1, 64) + "%"
	}
}

// margin is the wider side of an interval, "" when there is none.
func margin(e Estimate) float64 { return max(e.High-e.Value, e.Value-e.Low) }
