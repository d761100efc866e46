package lifetime

var (
	limitTotal = counter("lifetime_ratelimit_total", "Requests to a RateLimit.", "result", "allowed", "denied", "error")

	limitFigures = []*Figure{limitTotal}
)

// limitResult is as what an answer of a RateLimit is counted.
func limitResult(allowed bool, err error) string {
	switch {
	case err != nil:
		return "error"
	case allowed:
		return "allowed"
	}
	return "denied"
}
