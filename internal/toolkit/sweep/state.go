package sweep

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// saveEvery is how often the state is saved, and how much work a killed run repeats.
const saveEvery = time.Second

// uncountedAfter bounds how long after its last save a killed run may have gone on working: two more saves are overdue.
const uncountedAfter = 2*saveEvery + time.Second

// state is what the state file keeps.
type state struct {
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
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("--resume: %w", err)
	}
	s := &state{}
	if err := json.Unmarshal(text, s); err != nil {
		return nil, fmt.Errorf("--resume %s: this is not a state file: %w", path, err)
	}
	if s.Tool != tool || s.Rules != rules {
		return nil, fmt.Errorf("--resume %s: this is the state of a run with other rules; give the same ones, or another file", path)
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

// write replaces the file as a whole, so that a crash leaves the old or the new one.
func (s *state) write(path string) error {
	text, err := json.MarshalIndent(s, "", " ")
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err == nil {
		err = f.Sync()
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
}
