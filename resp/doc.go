// Package resp reads and writes the Redis serialization protocol, versions 2
// and 3.
//
// Three parts, each usable alone:
//
//   - Parser takes requests out of a server's read buffer: no copy, no buffer
//     of its own, any split of the input.
//   - Writer appends replies to a byte slice, and may refer to large strings
//     instead of copying them.
//   - Reader, AppendCommand and Conn are the client side: tools and tests.
//
// The package does no I/O except in Reader and Conn, which a server does not
// use. It knows nothing of commands, sessions or what a reply means. It
// depends on the standard library and on the number rules next door only.
//
// Malformed input is answered as Redis 7 answers it, to the byte.
package resp
