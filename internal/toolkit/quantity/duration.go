package quantity

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// A Duration is a flag's value: what time.ParseDuration takes, and days and weeks, which lifetimes are often counted in.
type Duration time.Duration

var longUnit = regexp.MustCompile(`^([0-9]*\.?[0-9]+)(d|w)`)

// ParseDuration reads 24h, 7d, 1d12h, 2w.
func ParseDuration(text string) (time.Duration, error) {
	var sum time.Duration
	rest := text
	for {
		found := longUnit.FindStringSubmatch(rest)
		if found == nil {
			break
		}
		n, err := strconv.ParseFloat(found[1], 64)
		if err != nil {
			return 0, fmt.Errorf("%q is not a duration", text)
		}
		unit := 24 * time.Hour
		if found[2] == "w" {
			unit *= 7
		}
		if n*float64(unit) > float64(1<<62) {
			return 0, fmt.Errorf("%q is too long", text)
		}
		if sum += time.Duration(n * float64(unit)); sum < 0 {
			return 0, fmt.Errorf("%q is too long", text)
		}
		rest = strings.TrimPrefix(rest, found[0])
	}
	if rest != "" || text == "" {
		d, err := time.ParseDuration(rest)
		if err != nil {
			return 0, fmt.Errorf("%q is not a duration such as 90s, 24h or 7d", text)
		}
		if rest != text && (d < 0 || sum+d < sum) {
			return 0, fmt.Errorf("%q is not a duration such as 1d12h, or too long", text)
		}
		sum += d
	}
	return sum, nil
}

// Set reads the flag.
func (d *Duration) Set(text string) error {
	parsed, err := ParseDuration(text)
	*d = Duration(parsed)
	return err
}

// Type names what --help shows.
func (d *Duration) Type() string { return "duration" }

func (d *Duration) String() string {
	if *d == 0 {
		return ""
	}
	return time.Duration(*d).String()
}

// Value is the time.Duration.
func (d Duration) Value() time.Duration { return time.Duration(d) }
