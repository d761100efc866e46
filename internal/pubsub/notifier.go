package pubsub

import (
	"strconv"
	"sync/atomic"

	"github.com/curfewkv/curfew/internal/journal"
)

// Flags choose the keyspace notifications, as notify-keyspace-events does.
type Flags struct {
	Classes journal.Class
	// Keyspace publishes to __keyspace@<db>__:<key>, Keyevent to __keyevent@<db>__:<event>.
	Keyspace, Keyevent bool
}

// reasons are those of the records whose events are published.
func (f Flags) reasons() journal.Reasons {
	if !f.Keyspace && !f.Keyevent {
		return journal.NoReasons
	}
	return f.Classes.Reasons()
}

// Notifier publishes the events of change records. Safe for concurrent use.
type Notifier struct {
	registry *Registry
	journal  *journal.Journal
	id       journal.ID
	flags    atomic.Pointer[Flags]
}

// NewNotifier registers a notifier with the journal; nothing is published until Set says so.
func NewNotifier(j *journal.Journal, r *Registry) *Notifier {
	n := &Notifier{registry: r, journal: j}
	n.flags.Store(&Flags{})
	n.id = j.Register(n)
	return n
}

// Set chooses what is published from now on. The journal spends nothing on a notifier that publishes nothing.
func (n *Notifier) Set(f Flags) {
	n.flags.Store(&f)
	n.journal.Listen(n.id, f.reasons())
}

// Consume publishes the record's event: to the channel of the key first, then to the channel of the event.
func (n *Notifier) Consume(r *journal.Record) {
	f := n.flags.Load()
	if r.Event.Class&f.Classes == 0 || r.Event.Name == "" || n.registry.idle() {
		return
	}
	var space [128]byte
	if f.Keyspace {
		channel := appendPrefix(space[:0], "__keyspace@", r.DB)
		n.registry.Publish(append(channel, r.Key...), []byte(r.Event.Name))
	}
	if f.Keyevent {
		channel := appendPrefix(space[:0], "__keyevent@", r.DB)
		n.registry.Publish(append(channel, r.Event.Name...), r.Key)
	}
}

func appendPrefix(dst []byte, kind string, db int) []byte {
	dst = append(dst, kind...)
	dst = strconv.AppendInt(dst, int64(db), 10)
	return append(dst, "__:"...)
}
