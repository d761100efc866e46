// Package glob matches byte strings against Redis's glob patterns, the ones
// of KEYS, SCAN MATCH, PSUBSCRIBE, CONFIG GET and ACL rules.
//
//	?        any one byte
//	*        any bytes, none included
//	[abc]    one of the listed bytes; a-z is a range, ^ first negates
//	\x       x itself
//
// Redis's answers on malformed and odd patterns are part of its interface, so
// they are kept; Match lists them. A pattern costs at most its length times
// the length of the subject, whatever stars it has, and no memory.
//
// Pure functions; anyone may import it.
package glob
