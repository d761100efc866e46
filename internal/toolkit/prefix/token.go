package prefix

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Any stands in a pattern for what differs from key to key.
const Any = "*"

// DefaultSeparators part keys into segments: the first group always, the second only segments that are no identifier as
// a whole (a UUID, a date and an address have those characters within).
const (
	DefaultSeparators = ":/|"
	innerSeparators   = ".-_"
)

// maxTokens bounds the depth of a pattern; the rest of a longer key is one Any.
const maxTokens = 12

// maxLiteral is the longest piece that is shown as it is: longer ones name one thing, not a group.
const maxLiteral = 40

// tokens parts a key into the pieces of its pattern. Each piece ends with the separator that follows it, so that joining
// them gives the pattern.
func tokens(key, separators string) []string {
	list := make([]string, 0, 8)
	for key != "" {
		if len(list) >= maxTokens-1 {
			return append(list[:maxTokens-1], Any)
		}
		segment, separator := cut(key, separators)
		key = key[len(segment)+len(separator):]
		list = appendSegment(list, segment, separator, separators)
	}
	if len(list) > maxTokens {
		list = append(list[:maxTokens-1], Any)
	}
	return list
}

// cut takes the first segment and the separators that follow it.
func cut(key, separators string) (segment, separator string) {
	i := strings.IndexAny(key, separators)
	if i < 0 || separators == "" {
		return key, ""
	}
	end := i
	for end < len(key) && strings.IndexByte(separators, key[end]) >= 0 {
		end++
	}
	return key[:i], key[i:end]
}

// appendSegment adds the pieces of one segment. The braces of a Cluster's hash tag stay where they are, around what is
// in them: {user:1001} is {user:*}.
func appendSegment(list []string, segment, separator, separators string) []string {
	open, end := "", ""
	for strings.HasPrefix(segment, "{") {
		open, segment = open+"{", segment[1:]
	}
	// }.profile: the end of a tag, and a segment of its own after it.
	if i := strings.IndexByte(segment, '}'); i >= 0 && i+1 < len(segment) {
		list = appendSegment(list, open+segment[:i+1], "", separators)
		return appendSegment(list, segment[i+1:], separator, separators)
	}
	for strings.HasSuffix(segment, "}") {
		end, segment = end+"}", segment[:len(segment)-1]
	}
	first := len(list)
	switch {
	case segment == "":
		list = append(list, "")
	case isIdentifier(segment):
		list = append(list, Any)
	case separators != DefaultSeparators:
		list = append(list, segment) // the user said what separates
	default:
		list = appendInner(list, segment)
	}
	list[first] = open + list[first]
	list[len(list)-1] += end + separator
	return list
}

// appendInner parts a segment that is not an identifier as a whole: order-1234 is order-*.
func appendInner(list []string, segment string) []string {
	first := len(list)
	for segment != "" {
		part, separator := cut(segment, innerSeparators)
		segment = segment[len(part)+len(separator):]
		word, number := trailingDigits(part)
		switch {
		case isIdentifier(part) && len(list) > first && strings.HasPrefix(list[len(list)-1], Any):
			list[len(list)-1] = Any + separator // 12-ab34ef: one identifier with a separator within
		case isIdentifier(part):
			list = append(list, Any+separator)
		case number != "" && len(number) >= 3:
			list = append(list, word, Any+separator)
		case number != "":
			list = append(list, word, number+separator)
		default:
			list = append(list, part+separator)
		}
	}
	return list
}

// trailingDigits parts user1001. A version such as v2 keeps its number, which later may be merged like any name.
func trailingDigits(part string) (word, number string) {
	i := len(part)
	for i > 0 && part[i-1] >= '0' && part[i-1] <= '9' {
		i--
	}
	if i == 0 {
		return part, ""
	}
	return part[:i], part[i:]
}

// isIdentifier reports whether a segment looks like the name of one thing rather than of a kind of things.
func isIdentifier(s string) bool {
	if s == Any {
		return true
	}
	long := len(s) > maxLiteral && !strings.ContainsAny(s, innerSeparators)
	if long || !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return true
	}
	c := classify(s)
	switch {
	case c.digits == 0:
		// Words have no digits; neither have 1 in 7 base64 strings of 12 letters, which are merged as rare names are.
		return c.at == 1 && c.dots > 0 || c.padding > 0
	case c.digits == len(s)-c.marks: // 1234, 2024-05-07, 10.0.0.1, -1, 1.5
		return true
	case c.at == 1:
		return true
	case c.hex == len(s)-c.marks && len(s)-c.marks >= 6: // a3f9c1, and UUIDs
		return true
	case c.marks > 0 && c.underscores+c.dashes < c.marks:
		return false // names with dots are parted further
	case c.marks > 0 && c.longest < 16:
		return false
	}
	// Random letters and digits change their kind often: 3 changes within 8 characters; page12, sha256sum do not.
	return len(s) >= 8 && c.changes >= 3 || len(s) >= 16 && c.changes >= 2 && c.digits >= 3
}

// class counts the kinds of bytes of a segment.
type class struct {
	digits, hex, marks, dots, dashes, underscores, at, padding int

	changes int // between digits, upper and lower case, an initial capital aside
	longest int // run without marks
}

func classify(s string) class {
	var c class
	last, run := byte(0), 0
	for i := range len(s) {
		b, kind := s[i], byte('l')
		run++
		switch {
		case b >= '0' && b <= '9':
			c.digits++
			c.hex++
			kind = '0'
		case b >= 'a' && b <= 'f', b >= 'A' && b <= 'F':
			c.hex++
			fallthrough
		case b >= 'g' && b <= 'z', b >= 'G' && b <= 'Z':
			if b < 'a' {
				kind = 'u'
			}
		case b == '.':
			c.dots++
			c.marks++
			run = 0
		case b == '-':
			c.dashes++
			c.marks++
			run = 0
		case b == '_':
			c.underscores++
			c.marks++
			run = 0
		case b == '@':
			c.at++
		case b == '=' || b == '+':
			c.padding++
		}
		if last != 0 && last != kind && i > 1 {
			c.changes++
		}
		last = kind
		c.longest = max(c.longest, run)
	}
	return c
}
