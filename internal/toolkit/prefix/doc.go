// Package prefix groups keys under a small number of patterns: millions of session:8f3a... become one row session:*.
//
// A Finder discovers the patterns in a stream of keys of any length, in bounded memory: what looks like an identifier
// becomes *, and what is rare is merged into its neighbours, so that the rows always add up to all keys. A Given counts
// under patterns that the user names.
//
// It knows keys and weights only: what is counted for a row is the caller's. It needs no server, and its results do not
// depend on the order of the keys as long as their names fit into its memory (see Finder).
package prefix
