package lifetime

var (
	sessionReads = counter("lifetime_session_reads_total",
		"Reads of sessions by result: hit, miss, or refused for ids that cannot be.", "result", "hit", "miss", "refused")
	sessionRenewals = single(Counter, "lifetime_session_renewals_total", "Reads that prolonged a session.")
	sessionsCreated = single(Counter, "lifetime_session_created_total", "Sessions begun.")
	sessionsEnded   = single(Counter, "lifetime_session_destroyed_total", "Sessions destroyed before their time.")

	sessionFigures = []*Figure{sessionReads, sessionRenewals, sessionsCreated, sessionsEnded}
)
