package bench

import (
	"fmt"
	"math"
	"strconv"
)

// Unit is what a figure counts.
type Unit string

const (
	MicrosPerRequest Unit = "us/request"
	PerSecond        Unit = "1/s"
	Millis           Unit = "ms"
	Seconds          Unit = "s"
	Bytes            Unit = "bytes"
	BytesPerKey      Unit = "bytes/key"
	Count            Unit = "count"
	Factor           Unit = "x"
)

// Direction says which way a figure gets better.
type Direction string

const (
	Lower  Direction = "lower"
	Higher Direction = "higher"
	Plain  Direction = "" // neither: context for other figures
)

// Goal is the limit that a figure has to keep: at most it for a figure that is better lower, at least it for one that is
// better higher.
type Goal struct {
	Limit float64 `json:"limit"`
	// OfPeer says that the limit is a share of the peer's figure in the same run, which holds on any machine.
	OfPeer bool   `json:"of_peer,omitempty"`
	Source string `json:"source,omitempty"` // where the number comes from, for readers
}

// Figure is one measured number.
type Figure struct {
	Name   string    `json:"name"`
	Unit   Unit      `json:"unit"`
	Better Direction `json:"better,omitempty"`
	Goal   *Goal     `json:"goal,omitempty"`
	Value  float64   `json:"value"`
	// AtLeast says that measuring stopped at Value: the real one is beyond.
	AtLeast bool `json:"at_least,omitempty"`
	// Missing says why there is no value, where the server cannot do what was asked.
	Missing string `json:"missing,omitempty"`
}

// unless returns f, or f without a value if it could not be measured.
func (f Figure) unless(missing bool, why string) Figure {
	if missing {
		f.Value, f.Missing = 0, why
	}
	return f
}

// limit builds the goal of a fixed number.
func limit(n float64) *Goal { return &Goal{Limit: n} }

// ofPeer builds the goal of a share of the peer's figure.
func ofPeer(share float64, source string) *Goal {
	return &Goal{Limit: share, OfPeer: true, Source: source}
}

// format writes a value with as many digits as its size deserves.
func (u Unit) format(v float64) string {
	switch {
	case u == Count || u == PerSecond || u == Bytes:
		return thousands(int64(math.Round(v)))
	case v == 0:
		return "0"
	case math.Abs(v) >= 100:
		return thousands(int64(math.Round(v)))
	case math.Abs(v) >= 10:
		return strconv.FormatFloat(v, 'f', 1, 64)
	case math.Abs(v) >= 1:
		return strconv.FormatFloat(v, 'f', 2, 64)
	}
	return strconv.FormatFloat(v, 'f', min(6, 1-int(math.Floor(math.Log10(math.Abs(v))))), 64) // two digits that count
}

// thousands writes n with its thousands separated.
func thousands(n int64) string {
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

// text writes the goal, in words that a table has room for.
func (g *Goal) text(u Unit, better Direction) string {
	if g == nil {
		return ""
	}
	sign := "<="
	if better == Higher {
		sign = ">="
	}
	if g.OfPeer {
		return fmt.Sprintf("%s %.2f x peer", sign, g.Limit)
	}
	if g.Limit >= 1000 {
		return sign + " " + thousands(int64(g.Limit))
	}
	return sign + " " + strconv.FormatFloat(g.Limit, 'g', -1, 64) // as it was set
}
