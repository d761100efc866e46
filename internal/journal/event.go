package journal

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

// Reasons are the reasons of the records that can have an event of one of the classes.
func (c Class) Reasons() (set Reasons) {
	for _, one := range [...]struct {
		class   Class
		reasons Reasons
	}{
		{ClassExpired, Of(Expired)}, {ClassEvicted, Of(Evicted)}, {ClassKeyMiss, Of(Missed)}, {ClassNew, Of(Created)},
	} {
		if c&one.class != 0 {
			set |= one.reasons
		}
		c &^= one.class
	}
	if c != 0 {
		set |= Of(Write, Deleted, Invalidated, Moved, Touched)
	}
	return set
}

// Event names a mutation as keyspace notifications do. The zero Event is none: nothing is published.
type Event struct {
	Class Class
	Name  string
}

// All events that there are. Commands and the keyspace say which one a mutation is.
var (
	EventDel        = Event{ClassGeneric, "del"}
	EventExpire     = Event{ClassGeneric, "expire"}
	EventPersist    = Event{ClassGeneric, "persist"}
	EventRenameFrom = Event{ClassGeneric, "rename_from"}
	EventRenameTo   = Event{ClassGeneric, "rename_to"}
	EventMoveFrom   = Event{ClassGeneric, "move_from"}
	EventMoveTo     = Event{ClassGeneric, "move_to"}
	EventCopyTo     = Event{ClassGeneric, "copy_to"}

	EventSet         = Event{ClassString, "set"}
	EventAppend      = Event{ClassString, "append"}
	EventIncrBy      = Event{ClassString, "incrby"}
	EventIncrByFloat = Event{ClassString, "incrbyfloat"}
	EventSetRange    = Event{ClassString, "setrange"}
	EventSetBit      = Event{ClassString, "setbit"}

	EventNew     = Event{ClassNew, "new"}
	EventMissed  = Event{ClassKeyMiss, "keymiss"}
	EventExpired = Event{ClassExpired, "expired"}
	EventEvicted = Event{ClassEvicted, "evicted"}
)
