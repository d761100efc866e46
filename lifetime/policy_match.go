package lifetime

import "strings"

// literalPrefix is what every key that matches begins with.
func literalPrefix(pattern string) string {
	var prefix strings.Builder
	for i := 0; i < len(pattern); i++ {
		switch pattern[i] {
		case '*', '?', '[':
			return prefix.String()
		case '\\':
			if i+1 < len(pattern) {
				i++
			}
		}
		prefix.WriteByte(pattern[i])
	}
	return prefix.String()
}

// matches follows the rules of Redis's KEYS and SCAN. On a mismatch after a star, the star takes one byte more; only
// the last star needs that, so the time is at most len(pattern) x len(key), whatever the pattern.
func matches(pattern, key string) bool {
	if key == "" {
		return pattern == "" || pattern == "*" // Redis looks at no other pattern for it
	}
	p, k := 0, 0
	star, from := -1, 0 // the last star, and where in the key what follows it was tried
	for k < len(key) {
		if p < len(pattern) && pattern[p] == '*' {
			star, from = p, k
			p++
			continue
		}
		if p < len(pattern) {
			if ok, size := matchesOne(pattern[p:], key[k]); ok {
				p += size
				k++
				continue
			}
		}
		if star < 0 {
			return false
		}
		from++
		p, k = star+1, from
	}
	return strings.Trim(pattern[p:], "*") == ""
}

// matchesOne compares one byte with the beginning of a pattern that is not empty, and says how long that beginning is.
func matchesOne(pattern string, c byte) (ok bool, size int) {
	switch {
	case pattern[0] == '?':
		return true, 1
	case pattern[0] == '[':
		return matchesSet(pattern, c)
	case pattern[0] == '\\' && len(pattern) > 1:
		return pattern[1] == c, 2
	}
	return pattern[0] == c, 1
}

// matchesSet reads [a-z], [^a-z] and [\]]. A set without an end reaches to the end of the pattern, as it does in Redis.
func matchesSet(pattern string, c byte) (ok bool, size int) {
	i := 1
	inverted := i < len(pattern) && pattern[i] == '^'
	if inverted {
		i++
	}
	for ; i < len(pattern) && pattern[i] != ']'; i++ {
		switch {
		case pattern[i] == '\\' && i+1 < len(pattern):
			i++
			ok = ok || pattern[i] == c
		case i+2 < len(pattern) && pattern[i+1] == '-':
			low, high := min(pattern[i], pattern[i+2]), max(pattern[i], pattern[i+2])
			ok = ok || low <= c && c <= high
			i += 2
		default:
			ok = ok || pattern[i] == c
		}
	}
	return ok != inverted, min(i+1, len(pattern))
}
