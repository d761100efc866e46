package lifetime

import (
	"math"
	"time"
)

// refreshNow decides whether a caller refreshes a value that is still fresh: rarely long before its end, nearly surely
// just before it, earlier the longer a load takes, so that nobody is there to see it end. u is uniform in (0, 1].
//
// It is XFetch: Vattani, Chierichetti, Lowenstein, "Optimal Probabilistic Cache Stampede Prevention", VLDB 2015,
// doi:10.14778/2757807.2757813. Its delta is the cost of the last load; beta above 1 is earlier, below 1 later.
func refreshNow(left, cost time.Duration, beta, u float64) bool {
	if beta <= 0 || cost <= 0 {
		return false
	}
	return -float64(cost)*beta*math.Log(u) >= float64(left)
}
