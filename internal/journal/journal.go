package journal

import (
	"sync"
	"sync/atomic"

	"github.com/curfewkv/curfew/internal/clock"
)

// Record is one mutation. Key is borrowed: it is valid only during the call of Consume.
type Record struct {
	// Now is the instant of the transaction.
	Now    clock.Instant
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

// Journal hands each record to the consumers that listen, in the order of their registration, and each block of effects
// to the followers.
type Journal struct {
	consumers []*consumer   // immutable once records flow
	wanted    atomic.Uint32 // Reasons: what anybody listens to
	stream    stream

	mu sync.Mutex // serialises the changes of wanted
}

// consumer is a registered one and what it listens to.
type consumer struct {
	Consumer
	reasons atomic.Uint32 // Reasons
}

// ID identifies a consumer to Listen.
type ID int

// Register adds a consumer that listens to nothing yet. Not safe once records flow.
func (j *Journal) Register(c Consumer) ID {
	j.consumers = append(j.consumers, &consumer{Consumer: c})
	return ID(len(j.consumers) - 1)
}

// Listen makes a consumer hear the records of a set of reasons, and no others. Safe for concurrent use. A record whose
// transaction began before the call may be missed.
func (j *Journal) Listen(id ID, reasons Reasons) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.consumers[id].reasons.Store(uint32(reasons & AllReasons))
	all := j.Wanted() &^ AllReasons
	for _, c := range j.consumers {
		all |= Reasons(c.reasons.Load())
	}
	j.wanted.Store(uint32(all))
}

// want switches one of the bits beside the reasons.
func (j *Journal) want(bit Reasons, on bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	all := j.Wanted() &^ bit
	if on {
		all |= bit
	}
	j.wanted.Store(uint32(all))
}

// ShowBefore says whether the keyspace is to show keys before they change. The keyspace's to call.
func (j *Journal) ShowBefore(on bool) { j.want(BeforeWanted, on) }

// Wanted is what anybody listens to: reasons of records, EffectsWanted, BeforeWanted. A transaction asks once it has its
// locks, so a consumer that begins to listen under a key's lock misses no change of the key.
func (j *Journal) Wanted() Reasons { return Reasons(j.wanted.Load()) }

// Idle reports whether nobody listens to anything.
func (j *Journal) Idle() bool { return j.Wanted() == 0 }

// Append hands r to the consumers that listen to its reason.
func (j *Journal) Append(r *Record) {
	for _, c := range j.consumers {
		if Reasons(c.reasons.Load()).Has(r.Reason) {
			c.Consume(r)
		}
	}
}
