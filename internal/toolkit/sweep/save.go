package sweep

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/curfewkv/curfew/internal/toolkit/statefile"
)

// keepSaving saves the state until ctx ends. An error ends nothing but itself: the work goes on, and the run reports it.
func (s *Sweep) keepSaving(ctx context.Context) error {
	ticker := time.NewTicker(saveEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
			if err := s.save(false); err != nil {
				return err
			}
		}
	}
}

func (s *Sweep) save(clean bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	// What is counted as done must have been noted by the worker as well, and pages are counted under this mutex.
	if s.options.Flush != nil {
		if err := s.options.Flush(); err != nil {
			return err
		}
	}
	if s.options.Resume == "" {
		return nil
	}
	s.state.Saved, s.state.Clean = time.Now(), clean
	if err := statefile.Write(s.options.Resume, s.state); err != nil {
		return fmt.Errorf("--resume: %w", err)
	}
	return nil
}

// end leaves a state only if something is left to do.
func (s *Sweep) end(complete bool) error {
	if err := s.save(true); err != nil || !complete || s.options.Resume == "" {
		return err
	}
	return os.Remove(s.options.Resume)
}
