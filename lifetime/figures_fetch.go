package lifetime

// Results of a Fetch, as they are counted.
const (
	fetchHit      = "hit"      // fresh, from the cache
	fetchEarly    = "early"    // fresh, from the cache; this caller has begun to refresh it
	fetchStale    = "stale"    // past its TTL, while it is refreshed or because a load failed
	fetchNegative = "negative" // known not to exist
	fetchMiss     = "miss"     // loaded for this caller
	fetchWaited   = "waited"   // loaded for another caller
	fetchBypass   = "bypass"   // loaded without the cache, which could not be used
	fetchError    = "error"
)

var (
	fetchTotal = counter("lifetime_fetch_total", "Calls of Fetch, by where the value came from.", "result",
		fetchHit, fetchEarly, fetchStale, fetchNegative, fetchMiss, fetchWaited, fetchBypass, fetchError)
	fetchLoadSeconds = &Figure{
		Name: "lifetime_fetch_load_seconds", Help: "How long loads for Fetch took, failed ones included.",
		Kind: Histogram, Series: []Labels{{}}, Buckets: buckets(0.001, 2.5, 12),
	}

	fetchFigures = []*Figure{fetchTotal, fetchLoadSeconds}
)
