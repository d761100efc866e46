// Package walk goes over the keys of a keyspace without harming the server that it is on: by SCAN, page after page, at a
// pace that yields when the server slows down, and from where it stopped before.
//
// It brings keys; what is done with them is the caller's.
package walk
