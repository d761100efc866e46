package audit

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/curfewkv/curfew/internal/toolkit/prefix"
)

// stateVersion changes when states of before cannot be gone on from.
const stateVersion = 1

// state is what an exact audit saves, to go on later where it was interrupted.
type state struct {
	Version    int                 `json:"version"`
	Saved      time.Time           `json:"saved"`
	Prefixes   []string            `json:"prefixes,omitempty"`
	Separators string              `json:"separators,omitempty"`
	Rows       int                 `json:"rows"`
	Asked      []string            `json:"asked,omitempty"`
	Cursors    map[string]cursor   `json:"cursors"` // by Keyspace.ID
	Looked     int64               `json:"looked"`
	Vanished   int64               `json:"vanished"`
	Tree       prefix.Saved[group] `json:"tree"`
	Groups     []group             `json:"groups,omitempty"`
}

// cursor is how far a keyspace was walked.
type cursor struct {
	At     uint64 `json:"at"`
	Done   bool   `json:"done"`
	Looked int64  `json:"looked"`
}

// loadState reads the state of an audit with the same options; nil when there is none yet.
func loadState(o Options) (*state, error) {
	if o.Resume == "" {
		return nil, nil
	}
	text, err := os.ReadFile(o.Resume)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("--resume: %w", err)
	}
	s := &state{}
	if err := json.Unmarshal(text, s); err != nil {
		return nil, fmt.Errorf("--resume %s is not a saved state: %w", o.Resume, err)
	}
	same := s.Version == stateVersion && s.Rows == o.Rows && s.Separators == o.Separators &&
		slices.Equal(s.Prefixes, o.Prefixes) && slices.Equal(s.Asked, o.Asked)
	if !same {
		return nil, fmt.Errorf("--resume %s was saved with other --prefix, --separator, --rows or --fail-if: remove it to begin anew", o.Resume)
	}
	return s, nil
}

// save replaces the file, which is whole at every moment.
func (s *state) save(path string) error {
	text, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("--resume: %w", err)
	}
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return fmt.Errorf("--resume: %w", err)
	}
	defer os.Remove(f.Name()) // fails when all is well
	_, err = f.Write(text)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("--resume: %w", err)
	}
	return nil
}
