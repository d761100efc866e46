package stringcmd

import "github.com/curfewkv/curfew/internal/journal"

// The events of notifications, named once, for some are given by several commands.
var (
	eventSet         = journal.Event{Class: journal.ClassString, Name: "set"}
	eventAppend      = journal.Event{Class: journal.ClassString, Name: "append"}
	eventIncrBy      = journal.Event{Class: journal.ClassString, Name: "incrby"}
	eventIncrByFloat = journal.Event{Class: journal.ClassString, Name: "incrbyfloat"}
	eventSetRange    = journal.Event{Class: journal.ClassString, Name: "setrange"}
	eventSetBit      = journal.Event{Class: journal.ClassString, Name: "setbit"}
	eventDel         = journal.Event{Class: journal.ClassGeneric, Name: "del"}
	eventExpire      = journal.Event{Class: journal.ClassGeneric, Name: "expire"}
	eventPersist     = journal.Event{Class: journal.ClassGeneric, Name: "persist"}
)
