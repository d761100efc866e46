package audit

import (
	"fmt"
	"slices"
	"time"

	"github.com/curfewkv/curfew/internal/toolkit/prefix"
	"github.com/curfewkv/curfew/internal/toolkit/statefile"
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
	s := &state{}
	found, err := statefile.Read(o.Resume, s)
	if err != nil {
		return nil, fmt.Errorf("--resume: %w", err)
	}
	if !found {
		return nil, nil
	}
	same := s.Version == stateVersion && s.Rows == o.Rows && s.Separators == o.Separators &&
		slices.Equal(s.Prefixes, o.Prefixes) && slices.Equal(s.Asked, o.Asked)
	if !same {
		return nil, fmt.Errorf("--resume %s was saved with other --prefix, --separator, --rows or --fail-if: remove it to begin anew", o.Resume)
	}
	if s.Cursors == nil {
		return nil, fmt.Errorf("--resume %s: nothing is said about any keyspace", o.Resume)
	}
	return s, nil
}
