package audit

import "time"

// NoTTL is the TTL of a key that has none; unknown is a figure that the server does not tell.
const (
	NoTTL   time.Duration = -1
	unknown               = -1
)

// A Record is one key, as it was when it was looked at.
type Record struct {
	Key   string
	Type  string        // "" where TYPE is refused
	TTL   time.Duration // NoTTL: none
	Bytes int64         // with overhead; -1 where MEMORY USAGE is refused
	Idle  time.Duration // -1 where the server does not keep it
	Freq  int64         // the logarithmic counter of LFU policies; -1 where the server does not keep it
}

// TTLClasses name the bars of the histogram of TTLs, from the shortest to none.
var TTLClasses = []string{"<1m", "<10m", "<1h", "<6h", "<1d", "<7d", "<30d", ">=30d", "none"}

// classLimits are the upper ends of all classes but the last two.
var classLimits = [...]time.Duration{
	time.Minute, 10 * time.Minute, time.Hour, 6 * time.Hour, 24 * time.Hour, 7 * 24 * time.Hour, 30 * 24 * time.Hour,
}

const (
	classes   = len(classLimits) + 2
	classNone = classes - 1
)

func classOf(ttl time.Duration) int {
	if ttl == NoTTL {
		return classNone
	}
	for i, limit := range classLimits {
		if ttl < limit {
			return i
		}
	}
	return len(classLimits)
}
