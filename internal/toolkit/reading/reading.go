package reading

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A Reading is what one node said of itself at one time.
type Reading struct {
	Node string // its address
	At   time.Time
	Took time.Duration
	Err  error // it did not answer; all else is empty then
	// Refused: it answers, but INFO is not allowed to this user.
	Refused bool

	Fields    map[string]string // of INFO, those with a plain value
	Databases []Database        // that have keys, by number
	Errors    []Count           // replies that were errors, by their first word; nil: the server does not count them
	Commands  []Command         // nil: not told
}

// A Database is a line of INFO's Keyspace.
type Database struct {
	Number        int
	Keys, Expires int64
	AvgTTL        time.Duration // 0: not told, or nothing expires
}

// NoTTL is how many keys have no TTL, exactly: INFO counts both.
func (d Database) NoTTL() int64 { return max(0, d.Keys-d.Expires) }

// A Count is how often something with a name happened since the server started.
type Count struct {
	Name string
	N    float64
}

// A Command is a line of INFO's Commandstats.
type Command struct {
	Name  string
	Calls float64
	Time  time.Duration
}

// maxErrors bounds the kinds of error that are kept: a script can make up a new one with each call.
const maxErrors = 64

// Parse reads INFO's text.
func Parse(text string) Reading {
	r := Reading{Fields: map[string]string{}}
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		if section, ok := strings.CutPrefix(line, "#"); ok {
			if strings.EqualFold(strings.TrimSpace(section), "errorstats") {
				r.Errors = []Count{} // counted, if there were any
			}
			continue
		}
		name, value, ok := strings.Cut(line, ":")
		if !ok {
			continue
		}
		if kind, ok := strings.CutPrefix(name, "errorstat_"); ok {
			if n, ok := part(value, "count"); ok {
				r.Errors = append(r.Errors, Count{kind, n})
			}
		} else if command, ok := strings.CutPrefix(name, "cmdstat_"); ok {
			calls, _ := part(value, "calls")
			usec, _ := part(value, "usec")
			r.Commands = append(r.Commands, Command{command, calls, time.Duration(usec * float64(time.Microsecond))})
		} else if d, ok := database(name, value); ok {
			r.Databases = append(r.Databases, d)
		} else {
			r.Fields[name] = value
		}
	}
	slices.SortFunc(r.Databases, func(a, b Database) int { return cmp.Compare(a.Number, b.Number) })
	slices.SortFunc(r.Errors, func(a, b Count) int {
		return cmp.Or(cmp.Compare(b.N, a.N), strings.Compare(a.Name, b.Name))
	})
	if len(r.Errors) > maxErrors {
		r.Errors = r.Errors[:maxErrors]
	}
	return r
}

// part is the number of one name of a value such as calls=1,usec=20.
func part(value, name string) (float64, bool) {
	for pair := range strings.SplitSeq(value, ",") {
		if text, ok := strings.CutPrefix(pair, name+"="); ok {
			n, err := strconv.ParseFloat(text, 64)
			return n, err == nil
		}
	}
	return 0, false
}

func database(name, value string) (Database, bool) {
	digits, ok := strings.CutPrefix(name, "db")
	if !ok {
		return Database{}, false
	}
	number, err := strconv.Atoi(digits)
	if err != nil {
		return Database{}, false
	}
	keys, ok := part(value, "keys")
	expires, _ := part(value, "expires")
	ttl, _ := part(value, "avg_ttl")
	return Database{number, int64(keys), int64(expires), time.Duration(ttl) * time.Millisecond}, ok
}

// Number is a field of INFO as a number. Some say ok or err instead, which is 1 or 0.
func (r Reading) Number(field string) (float64, bool) {
	switch text := r.Fields[field]; text {
	case "":
		return 0, false
	case "ok":
		return 1, true
	case "err", "fail":
		return 0, true
	default:
		n, err := strconv.ParseFloat(strings.TrimSuffix(text, "%"), 64)
		return n, err == nil
	}
}

// Up reports whether the node answers.
func (r Reading) Up() bool { return r.Err == nil }

// Primary reports whether the node is one that is written to.
func (r Reading) Primary() bool { return r.Fields["role"] == "master" }

// Keys are those of all databases, and how many of them have no TTL.
func (r Reading) Keys() (keys, noTTL int64) {
	for _, d := range r.Databases {
		keys += d.Keys
		noTTL += d.NoTTL()
	}
	return keys, noTTL
}

// FailedWrites are the kinds of error that a server refuses a good write with: no memory, a replica, a disk that cannot
// be written, too few replicas.
var FailedWrites = []string{"OOM", "READONLY", "MISCONF", "NOREPLICAS"}

// WriteFailures counts refused writes by kind, with 0 for those that never happened: a rate needs a first value. ok is
// false when the server (before 6.2) does not count errors.
func (r Reading) WriteFailures() (kinds []Count, ok bool) {
	if r.Errors == nil {
		return nil, false
	}
	for _, kind := range FailedWrites {
		c := Count{Name: kind}
		for _, e := range r.Errors {
			if e.Name == kind {
				c.N = e.N
			}
		}
		kinds = append(kinds, c)
	}
	return kinds, true
}
