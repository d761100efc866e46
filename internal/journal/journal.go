package journal

import "sync/atomic"

// Reason says why a record was written.
type Reason uint8

const (
	// Write is a key created or changed by a command.
	Write Reason = iota
	// Deleted is a key removed because a user asked for it.
	Deleted
	// Expired is a key removed because its deadline was reached.
	Expired
	// Evicted is a key removed to stay within maxmemory.
	Evicted
	// Invalidated is a key removed by tag or purge.
	Invalidated
	// Moved is a key renamed away or moved to another database: gone here, alive elsewhere.
	Moved
	// Touched is a key whose deadline changed while its value did not.
	Touched
	// Created precedes the Write record of a key that did not exist.
	Created
	// Missed is a read of an absent key; nothing changed.
	Missed
	// Flushed is a whole database emptied; Key is nil.
	Flushed
	// Swapped is a whole database exchanged with another one; Key is nil.
	Swapped
)

// Mutates reports whether the record changes what a reader of the key sees.
func (r Reason) Mutates() bool { return r != Created && r != Missed }

// Class is the keyspace-notification class of an event, as in notify-keyspace-events.
type Class uint32

// The classes, with their letters in notify-keyspace-events.
const (
	ClassGeneric Class = 1 << iota // g
	ClassString                    // $
	ClassList                      // l
	ClassSet                       // s
	ClassHash                      // h
	ClassZSet                      // z
	ClassExpired                   // x
	ClassEvicted                   // e
	ClassStream                    // t
	ClassKeyMiss                   // m
	ClassModule                    // d
	ClassNew                       // n
	ClassNone    Class = 0
)

// Event names a mutation as keyspace notifications do.
type Event struct {
	Class Class
	Name  string
}

// Record is one mutation. Key is borrowed: it is valid only during the call of Consume.
type Record struct {
	DB     int
	Key    []byte
	Reason Reason
	Event  Event
	// Origin is the id of the session whose command caused the record, 0 for the server itself.
	Origin uint64
}

// Consumer acts on records.
type Consumer interface {
	Consume(r *Record)
}

// maxConsumers bounds the consumers of one journal; the mask of enabled ones is a word.
const maxConsumers = 32

// Journal hands each record to its enabled consumers in the order of their registration.
type Journal struct {
	consumers []Consumer    // immutable once the server runs
	enabled   atomic.Uint32 // bit i: consumers[i] wants records
}

// ID identifies a consumer to Enable.
type ID int

// Register adds a consumer, disabled. Not safe once records flow.
func (j *Journal) Register(c Consumer) ID {
	if len(j.consumers) == maxConsumers {
		panic("journal: too many consumers")
	}
	j.consumers = append(j.consumers, c)
	return ID(len(j.consumers) - 1)
}

// Enable switches a consumer on or off. Safe for concurrent use. A record whose mutation began before the call may be missed.
func (j *Journal) Enable(id ID, on bool) {
	bit := uint32(1) << id
	if on {
		j.enabled.Or(bit)
	} else {
		j.enabled.And(^bit)
	}
}

// Idle reports whether no consumer is enabled, so that the caller can skip building a record.
func (j *Journal) Idle() bool { return j.enabled.Load() == 0 }

// Append hands r to the enabled consumers.
func (j *Journal) Append(r *Record) {
	mask := j.enabled.Load()
	for i, c := range j.consumers {
		if mask&(1<<i) != 0 {
			c.Consume(r)
		}
	}
}
