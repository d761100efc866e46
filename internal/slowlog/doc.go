// Package slowlog keeps the last commands that took long (SLOWLOG).
//
// A Log is a ring of entries with rising ids; its size may change while it is used. Long argument lists and arguments are
// cut, so an entry is small whatever was sent. What is slow, and which arguments are secret, is the caller's to know.
package slowlog
