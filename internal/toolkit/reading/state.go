package reading

import (
	"fmt"

	"github.com/curfewkv/curfew/internal/toolkit/statefile"
)

// savedCursors is the form of the state file: SCAN cursors by Keyspace.ID.
type savedCursors struct {
	Version int               `json:"version"`
	Cursors map[string]uint64 `json:"cursors"`
}

func loadCursors(path string) (map[string]uint64, error) {
	saved := savedCursors{Version: 1}
	if path != "" {
		if _, err := statefile.Read(path, &saved); err != nil {
			return nil, fmt.Errorf("state: %w", err)
		}
	}
	if saved.Version != 1 {
		return nil, fmt.Errorf("state %s: version %d is not of this program", path, saved.Version)
	}
	if saved.Cursors == nil {
		saved.Cursors = map[string]uint64{}
	}
	return saved.Cursors, nil
}

func saveCursors(path string, cursors map[string]uint64) error {
	if path == "" {
		return nil
	}
	if err := statefile.Write(path, savedCursors{1, cursors}); err != nil {
		return fmt.Errorf("state: %w", err)
	}
	return nil
}
