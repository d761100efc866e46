package lifetime

// invalidationFigures are those of Invalidator, Relay and Tags. The first two keep the names that the dashboards of hand-made
// invalidation use; the unit of the first is seconds, whatever its name leaves open.
var (
	invalidationLatency = &Figure{
		Name:   "redis_invalidation_latency",
		Help:   "Seconds that explicit invalidations took, from the call until the server had answered.",
		Kind:   Histogram,
		Labels: []string{"region"}, Buckets: buckets(0.0001, 2.5, 12),
	}
	invalidationTotal = &Figure{
		Name: "redis_invalidation_total", Help: "Keys and tags that were invalidated explicitly, whether they existed or not.",
		Kind: Counter, Labels: []string{"region"},
	}
	invalidationLost = &Figure{
		Name: "lifetime_invalidation_lost_total", Help: "Times that a listener lost its connection, and with it messages.",
		Kind: Counter, Labels: []string{"region"},
	}
	relayKeys = &Figure{
		Name: "lifetime_relay_keys_total", Help: "Keys invalidated here because another region said so.",
		Kind: Counter, Labels: []string{"region", "source"},
	}
	relayGaps = &Figure{
		Name: "lifetime_relay_gaps_total", Help: "Times that invalidations of another region were trimmed away unread.",
		Kind: Counter, Labels: []string{"region", "source"},
	}
	relayLag = &Figure{
		Name: "lifetime_relay_lag_seconds",
		Help: "Age of the newest applied invalidation of another region; it includes the difference of the clocks.",
		Kind: Gauge, Labels: []string{"region", "source"},
	}
	tagReads = counter("lifetime_tag_reads_total", "Reads of tagged values by result: hit, miss, invalidated.", "result",
		"hit", "miss", "invalidated")

	invalidationFigures = []*Figure{
		invalidationLatency, invalidationTotal, invalidationLost, relayKeys, relayGaps, relayLag, tagReads,
	}
)
