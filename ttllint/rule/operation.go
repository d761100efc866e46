package rule

// Kind is what a command does to the lifetime of its keys.
type Kind int

// The kinds.
const (
	Other  Kind = iota
	Read        // GET
	Write       // replaces the value and its lifetime; takes a lifetime itself
	Create      // replaces the value and its lifetime, or creates the key; cannot take a lifetime
	Grow        // creates the key without a lifetime, or leaves the one that it has
	Expire      // gives a lifetime to a key that has none
	Drop        // takes the lifetime away
	Walk        // KEYS
)

// Lifetime is what a Write says of the lifetime.
type Lifetime int

// The lifetimes.
const (
	None    Lifetime = iota
	Given            // a TTL, a deadline, or KEEPTTL
	Unclear          // the source does not tell
)

// Operation is one command in a function.
type Operation struct {
	Command  string // as Redis names it, in upper case
	Kind     Kind
	Lifetime Lifetime // of a Write
	If       bool     // an Expire that depends on the lifetime that is there, which GETEX cannot do
	Keys     []Key    // none: the source does not tell
	Line     int      // for the messages of other findings
	// Atomic is the transaction that the command is in, nil outside of one: its commands all run, or none.
	Atomic any
	// Path is the branches that lead to the command, from the outside in.
	Path []Branch
}

// Branch is one arm of a statement of which one arm runs.
type Branch struct {
	Statement any // identity of the statement
	Arm       int
	Leaves    bool // the arm ends the function
}

// exclusive reports whether the later operation cannot run when the earlier one did.
func exclusive(earlier, later Operation) bool {
	for _, b := range earlier.Path {
		same := false
		for _, l := range later.Path {
			if l.Statement == b.Statement {
				if l.Arm != b.Arm {
					return true
				}
				same = true
			}
		}
		if !same && b.Leaves {
			return true
		}
	}
	return false
}

// covers reports whether e, an EXPIRE, is of every key of o. Where the source tells no keys, any EXPIRE may be the one.
func covers(e, o Operation) bool {
	if len(o.Keys) == 0 || len(e.Keys) == 0 {
		return true
	}
	for _, k := range o.Keys {
		if !shares(e, Operation{Keys: []Key{k}}) {
			return false
		}
	}
	return true
}

// shares reports whether two operations have a known key in common.
func shares(a, b Operation) bool {
	for _, k := range a.Keys {
		for _, l := range b.Keys {
			if k.Known() && k == l {
				return true
			}
		}
	}
	return false
}
