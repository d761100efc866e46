package commandtest

import (
	"strings"

	"github.com/curfewkv/curfew/internal/journal"
)

// Record is a change record, with a key of its own.
type Record struct {
	DB     int
	Key    string
	Reason journal.Reason
	Event  journal.Event
}

// recorder keeps the records of a journal.
type recorder struct{ records []Record }

// Consume keeps a copy of a record.
func (r *recorder) Consume(x *journal.Record) {
	r.records = append(r.records, Record{DB: x.DB, Key: string(x.Key), Reason: x.Reason, Event: x.Event})
}

// Records returns the change records since the last call.
func (s *Server) Records() []Record {
	out := s.log.records
	s.log.records = nil
	return out
}

// Events returns the events of the change records since the last call as notifications would show them: "set:a", with
// "@db" after the key where it is not database 0.
func (s *Server) Events() string {
	var names []string
	for _, r := range s.Records() {
		if r.Event.Class != journal.ClassNone {
			names = append(names, eventText(r.Event.Name, r.Key, r.DB))
		}
	}
	return strings.Join(names, " ")
}
