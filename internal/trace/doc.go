// Package trace reads recorded cache traffic: files that say which key was asked for, in which order and, where the
// recorder kept it, when, how large the object was and how long it was to live.
//
// Open finds out compression and format by content, with the file's name as a hint, and yields one Request after
// another. A trace never has to fit into memory. Each format is one file in this package and one line in formats.
//
// The package is a tool's part: it knows nothing of servers and imports libraries only. internal/trace/replay sends
// requests to a server; simulators may read the same files.
package trace
