package config

import (
	"errors"
	"strings"
	"sync/atomic"
)

// NotifyFlags are the classes of keyspace events; the bits are the ones of
// Redis's module API.
type NotifyFlags uint32

const (
	NotifyKeyspace NotifyFlags = 1 << 0  // K: publish to __keyspace@db__:key
	NotifyKeyevent NotifyFlags = 1 << 1  // E: publish to __keyevent@db__:event
	NotifyGeneric  NotifyFlags = 1 << 2  // g: DEL, EXPIRE, RENAME, ...
	NotifyString   NotifyFlags = 1 << 3  // $
	NotifyList     NotifyFlags = 1 << 4  // l
	NotifySet      NotifyFlags = 1 << 5  // s
	NotifyHash     NotifyFlags = 1 << 6  // h
	NotifyZset     NotifyFlags = 1 << 7  // z
	NotifyExpired  NotifyFlags = 1 << 8  // x
	NotifyEvicted  NotifyFlags = 1 << 9  // e
	NotifyStream   NotifyFlags = 1 << 10 // t
	NotifyKeyMiss  NotifyFlags = 1 << 11 // m
	NotifyModule   NotifyFlags = 1 << 13 // d
	NotifyNew      NotifyFlags = 1 << 14 // n

	// NotifyAll is A: every class but the key misses and new keys.
	NotifyAll = NotifyGeneric | NotifyString | NotifyList | NotifySet | NotifyHash |
		NotifyZset | NotifyExpired | NotifyEvicted | NotifyStream | NotifyModule
)

// notifyChars is the order in which Redis prints the classes of a set that A
// does not cover.
var notifyChars = []struct {
	char byte
	flag NotifyFlags
}{
	{'g', NotifyGeneric}, {'$', NotifyString}, {'l', NotifyList}, {'s', NotifySet},
	{'h', NotifyHash}, {'z', NotifyZset}, {'x', NotifyExpired}, {'e', NotifyEvicted},
	{'t', NotifyStream}, {'d', NotifyModule}, {'n', NotifyNew},
}

// notifyRest follows the classes.
var notifyRest = []struct {
	char byte
	flag NotifyFlags
}{{'K', NotifyKeyspace}, {'E', NotifyKeyevent}, {'m', NotifyKeyMiss}}

var errNotify = errors.New("Invalid event class character. Use 'Ag$lshzxeKEtmdn'.")

// ParseNotify reads the flags' characters in any order.
func ParseNotify(s string) (NotifyFlags, error) {
	var f NotifyFlags
next:
	for i := 0; i < len(s); i++ {
		if s[i] == 'A' {
			f |= NotifyAll
			continue
		}
		for _, c := range notifyChars {
			if s[i] == c.char {
				f |= c.flag
				continue next
			}
		}
		for _, c := range notifyRest {
			if s[i] == c.char {
				f |= c.flag
				continue next
			}
		}
		return 0, errNotify
	}
	return f, nil
}

// String returns the canonical spelling, as CONFIG GET shows it. Unlike Redis,
// which forgets the n behind an A, it always reads back as the same flags.
func (f NotifyFlags) String() string {
	var b strings.Builder
	all := f&NotifyAll == NotifyAll
	if all {
		b.WriteByte('A')
	} else {
		for _, c := range notifyChars {
			if f&c.flag != 0 {
				b.WriteByte(c.char)
			}
		}
	}
	for _, c := range notifyRest {
		if f&c.flag != 0 {
			b.WriteByte(c.char)
		}
	}
	if all && f&NotifyNew != 0 {
		b.WriteByte('n')
	}
	return b.String()
}

// Notify is the key notify-keyspace-events.
type Notify struct{ v atomic.Uint32 }

// NotifyKeyspaceEvents declares the key of that name, empty by default.
func (r *Registry) NotifyKeyspaceEvents(opts ...Option) *Notify {
	n := new(Notify)
	r.declare("notify-keyspace-events", n, opts)
	return n
}

// Get returns the flags: one atomic load.
func (n *Notify) Get() NotifyFlags { return NotifyFlags(n.v.Load()) }

func (n *Notify) load() any { return n.Get() }

func (n *Notify) store(v any) error {
	n.v.Store(uint32(v.(NotifyFlags)))
	return nil
}

func (n *Notify) parse(args []string) (any, error) {
	if len(args) != 1 {
		return nil, errArgCount
	}
	f, err := ParseNotify(args[0])
	if err != nil {
		return nil, err
	}
	return f, nil
}

func (n *Notify) format(v any) string { return v.(NotifyFlags).String() }

func (n *Notify) lines() []string { return []string{Quote(n.Get().String())} }

func (n *Notify) kind() (string, string) { return "event classes", "K E g $ l s h z x e t d m n A" }
