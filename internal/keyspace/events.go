package keyspace

import "github.com/curfewkv/curfew/internal/journal"

// Events that the keyspace itself names; commands hand in the others.
var (
	eventNew     = journal.Event{Class: journal.ClassNew, Name: "new"}
	eventExpired = journal.Event{Class: journal.ClassExpired, Name: "expired"}
	eventEvicted = journal.Event{Class: journal.ClassEvicted, Name: "evicted"}
	eventExpire  = journal.Event{Class: journal.ClassGeneric, Name: "expire"}
)
