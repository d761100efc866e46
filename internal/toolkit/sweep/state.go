package sweep

import (
	"fmt"
	"strconv"
	"time"

	"github.com/curfewkv/curfew/internal/toolkit/statefile"
)

// stateVersion changes when states of before cannot be gone on from.
const stateVersion = 1

// saveEvery is how often the state is saved, and how much work a killed run repeats.
const saveEvery = time.Second

// uncountedAfter bounds how long after its last save a killed run may have gone on working: two more saves are overdue.
const uncountedAfter = 2*saveEvery + time.Second

// state is what the state file keeps.
type state struct {
	Version   int                  `json:"version"`
	Tool      string               `json:"tool"`
	Rules     string               `json:"rules"` // fingerprint
	Began     time.Time            `json:"began"`
	Saved     time.Time            `json:"saved"`
	Clean     bool                 `json:"clean"` // the run stopped by itself: all it did is counted
	Keyspaces map[string]*progress `json:"keyspaces"`
	Replaced  Tally                `json:"replaced,omitempty"` // changes on servers that were replaced, of tools that remove
	Slots     map[string]string    `json:"slots,omitempty"`    // of each server of a Cluster, when the run began
}

// progress is how far the sweep is in one keyspace.
type progress struct {
	Name   string    `json:"name"`
	Cursor cursor    `json:"cursor"`
	Done   bool      `json:"done"`
	At     time.Time `json:"at"` // when the last counted page was done
	Counts Tally     `json:"counts"`

	uncounted Window
	again     map[int]bool // slots that are looked at again; nil: all keys are looked at
}

// cursor is written as text: programs that read JSON round numbers of 64 bits.
type cursor uint64

func (c cursor) MarshalText() ([]byte, error) { return strconv.AppendUint(nil, uint64(c), 10), nil }

func (c *cursor) UnmarshalText(text []byte) error {
	n, err := strconv.ParseUint(string(text), 10, 64)
	*c = cursor(n)
	return err
}

// readState returns nil when there is no file: the run is the first.
func readState(path, tool, rules string) (*state, error) {
	s := &state{}
	found, err := statefile.Read(path, s)
	switch {
	case err != nil:
		return nil, fmt.Errorf("--resume: %w", err)
	case !found:
		return nil, nil
	case s.Version != stateVersion:
		return nil, fmt.Errorf("--resume %s: this is not a state file of this program's version: remove it to begin anew", path)
	case s.Tool != tool || s.Rules != rules:
		return nil, fmt.Errorf("--resume %s: this is the state of a run with other rules; give the same ones, or another file", path)
	case s.Keyspaces == nil:
		return nil, fmt.Errorf("--resume %s: nothing is said about any keyspace", path)
	}
	for id, p := range s.Keyspaces {
		if p == nil {
			return nil, fmt.Errorf("--resume %s: nothing is said about keyspace %s", path, id)
		}
		if p.Counts == nil {
			p.Counts = Tally{}
		}
	}
	return s, nil
}
