package reading

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// savedCursors is the form of the state file: SCAN cursors by Keyspace.ID.
type savedCursors struct {
	Version int               `json:"version"`
	Cursors map[string]uint64 `json:"cursors"`
}

func loadCursors(path string) (map[string]uint64, error) {
	if path == "" {
		return map[string]uint64{}, nil
	}
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return map[string]uint64{}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("state: %w", err)
	}
	var saved savedCursors
	if err := json.Unmarshal(data, &saved); err != nil {
		return nil, fmt.Errorf("state %s: %w", path, err)
	}
	if saved.Version != 1 {
		return nil, fmt.Errorf("state %s: version %d is not of this program", path, saved.Version)
	}
	if saved.Cursors == nil {
		saved.Cursors = map[string]uint64{}
	}
	return saved.Cursors, nil
}

// saveCursors replaces the file at once, so that a crash leaves the old or the new one.
func saveCursors(path string, cursors map[string]uint64) error {
	if path == "" {
		return nil
	}
	data, err := json.Marshal(savedCursors{1, cursors})
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return fmt.Errorf("state: %w", err)
	}
	_, err = f.Write(append(data, '\n'))
	if err = cmp.Or(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name())
		return fmt.Errorf("state: %w", err)
	}
	return nil
}
