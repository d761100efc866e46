package tracking

import (
	"errors"
	"slices"

	"github.com/curfewkv/curfew/internal/session"
)

// Options are those of CLIENT TRACKING ON.
type Options struct {
	BCast, OptIn, OptOut, NoLoop bool
	// Redirect is the session that hears instead, 0 for the session itself.
	Redirect uint64
	Prefixes []string
}

// What CLIENT TRACKING ON refuses.
var (
	errPrefix     = errors.New("PREFIX option requires BCAST mode to be enabled")
	errSwitchCast = errors.New("You can't switch BCAST mode on/off before disabling tracking for this client, and then re-enabling it with a different mode.")
	errCastOpt    = errors.New("OPTIN and OPTOUT are not compatible with BCAST")
	errBothOpt    = errors.New("You can't specify both OPTIN mode and OPTOUT mode")
	errSwitchOpt  = errors.New("You can't switch OPTIN/OPTOUT mode before disabling tracking for this client, and then re-enabling it with a different mode.")
)

// check compares the options with each other and with what the session has now; old may be nil. The first fault in this
// order is the one that Redis replies.
func (o *Options) check(old *session.Tracking) error {
	switch {
	case !o.BCast && len(o.Prefixes) > 0:
		return errPrefix
	case old != nil && old.BCast != o.BCast:
		return errSwitchCast
	case o.BCast && (o.OptIn || o.OptOut):
		return errCastOpt
	case o.OptIn && o.OptOut:
		return errBothOpt
	case old != nil && (o.OptIn && old.OptOut || o.OptOut && old.OptIn):
		return errSwitchOpt
	}
	return checkOverlaps(o.Prefixes, old)
}

// added are the prefixes of the options that a session with these sorted ones does not have yet, sorted.
func (o *Options) added(have []string) []string {
	if o.BCast && len(o.Prefixes) == 0 {
		if len(have) > 0 && have[0] == "" {
			return nil
		}
		return []string{""}
	}
	added := slices.Clone(o.Prefixes)
	slices.Sort(added)
	return added
}

// merge makes one sorted list of two.
func merge(a, b []string) []string {
	if len(b) == 0 {
		return a
	}
	out := make([]string, 0, len(a)+len(b))
	for len(a) > 0 && len(b) > 0 {
		if a[0] < b[0] {
			out, a = append(out, a[0]), a[1:]
		} else {
			out, b = append(out, b[0]), b[1:]
		}
	}
	return append(append(out, a...), b...)
}
