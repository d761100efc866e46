package lifetime

import (
	"math"
	"slices"
	"time"
)

// units are the options that state a TTL.
var units = map[string]stated{
	"EX": {seconds: true}, "PX": {}, "EXAT": {seconds: true, absolute: true}, "PXAT": {absolute: true},
}

// comparing are the options of SET that are followed by a value, which may look like an option.
var comparing = map[string]bool{"IFEQ": true, "IFNE": true, "IFDEQ": true, "IFDNE": true}

// option finds the TTL among the options from the i-th argument on.
func (w words) option(i int) (stated, bool) {
	for ; i < len(w); i++ {
		word := w.word(i)
		if s, ok := units[word]; ok && i+1 < len(w) {
			s.option, s.value = i, i+1
			return s, true
		}
		if comparing[word] {
			i++
		}
	}
	return stated{}, false
}

func statedByOption(i int) func(words) (stated, bool) {
	return func(w words) (stated, bool) { return w.option(i) }
}

// statedAt is for commands that have the unit in their name.
func statedAt(value int, seconds, absolute bool) func(words) (stated, bool) {
	return func(w words) (stated, bool) {
		return stated{value: value, seconds: seconds, absolute: absolute}, value < len(w)
	}
}

func statedBySet(w words) (stated, bool) { return w.option(3) }

// touchedBySet is the key unless the command states its TTL. KEEPTTL does not: it keeps that of an old value, if there
// is one with a TTL.
func touchedBySet(w words) []string {
	if _, ok := statedBySet(w); ok || len(w) < 3 {
		return nil
	}
	return []string{w.text(1)}
}

// onlyUpdates reports whether the command is a SET that creates no key and leaves the TTL of the one that is there.
func onlyUpdates(w words) bool {
	return w.word(0) == "SET" && w.find(3, "XX") >= 0 && w.find(3, "KEEPTTL") >= 0
}

// setExpiring adds PX unless the command has an option that it may contradict, or that is not known.
func setExpiring(w words, ms int64) words {
	if len(w) < 3 {
		return nil
	}
	for i := 3; i < len(w); i++ {
		switch word := w.word(i); {
		case word == "NX", word == "XX", word == "GET":
		case comparing[word]:
			i++
		default:
			return nil
		}
	}
	return append(slices.Clone(w), "px", ms)
}

// setnxExpiring is SET's NX, so that a value that is there already does not get the TTL.
func setnxExpiring(w words, ms int64) words {
	if len(w) != 3 {
		return nil
	}
	return words{"set", w[1], w[2], "nx", "px", ms}
}

func touchedByOption(option string, from int) func(words) []string {
	return func(w words) []string {
		if w.find(from, option) < 0 {
			return nil
		}
		return []string{w.text(1)}
	}
}

func touchedBySubcommand(subcommand string, at int) func(words) []string {
	return func(w words) []string {
		if w.word(1) != subcommand || at >= len(w) {
			return nil
		}
		return []string{w.text(at)}
	}
}

// touchedByBitfield: BITFIELD with nothing but GET reads.
func touchedByBitfield(w words) []string {
	if w.find(2, "SET") < 0 && w.find(2, "INCRBY") < 0 {
		return nil
	}
	return []string{w.text(1)}
}

func keysOfMsetex(w words) []string { return w.counted(1, 2) }

func statedByMsetex(w words) (stated, bool) { return w.option(2 + 2*len(keysOfMsetex(w))) }

func touchedByMsetex(w words) []string {
	if _, ok := statedByMsetex(w); ok {
		return nil
	}
	return keysOfMsetex(w)
}

func touchedByIncrex(w words) []string {
	if _, ok := w.option(2); ok || len(w) < 2 {
		return nil
	}
	return []string{w.text(1)}
}

// statedByRestore: RESTORE key ttl value [REPLACE] [ABSTTL]; a ttl of 0 is none.
func statedByRestore(w words) (stated, bool) {
	if n, ok := w.number(2); !ok || n == 0 {
		return stated{}, false
	}
	return stated{option: -1, value: 2, absolute: w.find(4, "ABSTTL") >= 0}, true
}

func touchedByRestore(w words) []string {
	if n, ok := w.number(2); !ok || n != 0 {
		return nil
	}
	return []string{w.text(1)}
}

// ttl is what is stated, as a duration from now on; ok is false for what the server refuses, or takes as a deletion.
func (s stated) ttl(w words, now time.Time) (ttl time.Duration, ok bool) {
	n, ok := w.number(s.value)
	if !ok {
		return 0, false
	}
	if s.seconds {
		if n > math.MaxInt64/1000 {
			return 0, false
		}
		n *= 1000
	}
	if s.absolute {
		n -= now.UnixMilli()
	}
	if n <= 0 {
		return 0, false
	}
	// Longer than a Duration can say is longer than any bound.
	return time.Duration(min(n, math.MaxInt64/int64(time.Millisecond))) * time.Millisecond, true
}

// inMilliseconds are the words and names that state the same in ms, which is what bounds are exact in.
var inMilliseconds = map[string]string{
	"EX": "px", "EXAT": "pxat", "SETEX": "psetex", "EXPIRE": "pexpire", "EXPIREAT": "pexpireat",
}

// with returns the command with another TTL.
func (s stated) with(w words, ttl time.Duration, now time.Time) words {
	changed := slices.Clone(w)
	ms := ttl.Milliseconds()
	if s.absolute {
		ms += now.UnixMilli()
	}
	changed[s.value] = ms
	if s.seconds {
		changed[s.option] = inMilliseconds[w.word(s.option)]
	}
	return changed
}
