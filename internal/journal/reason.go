package journal

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
	// Created precedes the Write record of a key that did not exist; the key is there already.
	Created
	// Missed is a read of an absent key; nothing changed.
	Missed
	// Flushed is a whole database emptied; Key is nil.
	Flushed
	// Swapped is a whole database exchanged with another one; Key is nil.
	Swapped
)

// Reasons is a set of reasons.
type Reasons uint32

// Of is the set of some reasons.
func Of(all ...Reason) (set Reasons) {
	for _, r := range all {
		set |= 1 << r
	}
	return set
}

// Has reports whether a reason is in the set.
func (set Reasons) Has(r Reason) bool { return set&(1<<r) != 0 }

// The sets that consumers listen to.
const (
	NoReasons Reasons = 0
	// Mutations are the reasons whose records change what a reader of a key sees.
	Mutations Reasons = 1<<Write | 1<<Deleted | 1<<Expired | 1<<Evicted | 1<<Invalidated | 1<<Moved | 1<<Touched | 1<<Flushed | 1<<Swapped
	// AllReasons are the mutations, and the records beside them.
	AllReasons Reasons = Mutations | 1<<Created | 1<<Missed

	// Effects in what Wanted returns: somebody follows the stream of effects.
	EffectsWanted Reasons = 1 << 30
	// BeforeWanted in what Wanted returns: somebody is to see keys before they change.
	BeforeWanted Reasons = 1 << 31
)
