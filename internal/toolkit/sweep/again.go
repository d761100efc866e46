package sweep

import (
	"context"
)

// MaxAgain bounds how often moved slots are looked at again: a resharding of days is not waited for.
const MaxAgain = 5

// lookAgain finds the slots that moved since the last look, and sets their new owners to be walked once more for them.
func (s *Sweep) lookAgain(ctx context.Context) (bool, error) {
	if s.before == nil {
		return false, nil
	}
	now, moving, err := slotOwners(ctx, s.target)
	if err != nil {
		return false, err
	}
	slots := map[int]bool{}
	changed(slots, s.before, now)
	for slot := range s.moving {
		slots[slot] = true
	}
	for slot := range moving {
		slots[slot] = true
	}
	if len(slots) == 0 {
		return false, nil
	}
	if s.passes++; s.passes > MaxAgain {
		s.note("slots of the Cluster keep moving: keys in them may have been missed; run this again when the resharding is over")
		return false, nil
	}
	spaces, err := s.target.Keyspaces(ctx, false)
	if err != nil {
		return false, err
	}
	s.before, s.moving = now, moving
	s.adopt(spaces)
	s.note("slots of the Cluster moved meanwhile, and their keys were looked for again")
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.state.Keyspaces {
		if p.Done { // one that begins anyway looks at all its keys
			p.Done, p.Cursor, p.again, p.uncounted = false, 0, slots, Window{}
		}
	}
	return true, nil
}
