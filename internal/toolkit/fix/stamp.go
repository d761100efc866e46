package fix

import "github.com/cespare/xxhash/v2"

const (
	// moveDrift is by how much a deadline may grow when a key moves to another server of a Cluster: MIGRATE sends what is left
	// of the TTL, and the way is not counted.
	moveDrift = 90 // ms, on a busy server
	// passStep keeps the digits of passes apart by more than that.
	passStep = 97
)

// stamped moves a deadline down by less than a second, and less than a hundredth of the TTL, to where its last digits follow
// from the key and the pass. That tells our deadlines from those that a program sets for the same time, and a command that
// was sent twice from a key that was here before.
func stamped(key string, deadline, ttl int64, pass int) int64 {
	unit := min(max(ttl/100, 1), 1000)
	digits := int64((xxhash.Sum64String(key) + uint64(pass)*passStep) % uint64(unit))
	return deadline - ((deadline-digits)%unit+unit)%unit
}

// ours reports whether a deadline has the digits of a pass until this one, or has drifted from there.
func (it *item) ours(deadline int64, pass int, drift int64) bool {
	for p := range pass + 1 {
		if deadline-stamped(it.key, deadline, it.ttl, p) <= drift {
			return true
		}
	}
	return false
}
