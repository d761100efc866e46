package tracking

import (
	"errors"
	"fmt"
	"strings"

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
	for i, p := range o.Prefixes {
		if old != nil {
			for _, q := range old.Prefixes {
				if overlap(p, q) {
					return fmt.Errorf("Prefix '%s' overlaps with an existing prefix '%s'. Prefixes for a single client must not overlap.", p, q)
				}
			}
		}
		for _, q := range o.Prefixes[i+1:] {
			if overlap(p, q) {
				return fmt.Errorf("Prefix '%s' overlaps with another provided prefix '%s'. Prefixes for a single client must not overlap.", p, q)
			}
		}
	}
	return nil
}

// overlap reports whether some key begins with both.
func overlap(p, q string) bool { return strings.HasPrefix(p, q) || strings.HasPrefix(q, p) }
