package lifetime

var (
	nearReads = counter("lifetime_near_reads_total",
		"Reads by result: hit, miss, or bypass while the connection for invalidations is not proven.", "result", "hit", "miss", "bypass")
	nearInvalidations = single(Counter, "lifetime_near_invalidations_total", "Keys that the server said had changed.")
	nearDrops         = single(Counter, "lifetime_near_drops_total", "Times that everything was dropped: connections lost and flushes.")
	nearEntries       = single(Level, "lifetime_near_entries", "Values kept in the process.")
	nearBytes         = single(Level, "lifetime_near_bytes", "Bytes of the values kept in the process, with keys and overhead.")

	nearFigures = []*Figure{nearReads, nearInvalidations, nearDrops, nearEntries, nearBytes}
)
