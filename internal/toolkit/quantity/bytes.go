package quantity

import (
	"fmt"
	"math"
	"strings"

	"github.com/dustin/go-humanize"
)

// ParseBytes takes units as redis.conf does: kb, mb and gb are powers of 1024; and those that say so, as MiB.
func ParseBytes(text string) (int64, error) {
	units := text
	for _, u := range []string{"kb", "mb", "gb", "tb"} {
		if digits, ok := strings.CutSuffix(strings.ToLower(text), u); ok {
			units = digits + u[:1] + "ib"
			break
		}
	}
	n, err := humanize.ParseBytes(units)
	if err != nil || n > math.MaxInt64 {
		return 0, fmt.Errorf("%q is not a size such as 64mb", text)
	}
	return int64(n), nil
}
