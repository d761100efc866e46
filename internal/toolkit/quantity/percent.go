package quantity

import (
	"fmt"
	"strconv"
	"strings"
)

// A Percent is a flag's value.
type Percent float64

// ParsePercent reads 10% or 10, which are the same.
func ParsePercent(text string) (float64, error) {
	p, err := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(text), "%"), 64)
	if err != nil || p != p {
		return 0, fmt.Errorf("%q is not a share such as 10%%", text)
	}
	return p, nil
}

// Set reads the flag.
func (p *Percent) Set(text string) error {
	parsed, err := ParsePercent(text)
	*p = Percent(parsed)
	return err
}

// Type names what --help shows.
func (p *Percent) Type() string { return "percent" }

func (p *Percent) String() string { return strconv.FormatFloat(float64(*p), 'g', -1, 64) + "%" }
