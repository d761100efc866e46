package slowlog

import (
	"fmt"
	"sync"
)

const (
	// maxArgs and maxArg are how many arguments, and bytes of one, are kept.
	maxArgs = 32
	maxArg  = 128
)

// Entry is one slow command.
type Entry struct {
	ID     int64
	Unix   int64 // when it ended, in seconds
	Micros int64
	Args   []string
	Addr   string
	Name   string
}

// Log is safe for concurrent use.
type Log struct {
	maxLen func() int64 // immutable

	mu      sync.Mutex
	next    int64
	entries []Entry // oldest first
}

// New makes a log that keeps maxLen entries; the limit is asked, and kept to, when an entry is added.
func New(maxLen func() int64) *Log { return &Log{maxLen: maxLen} }

// Add keeps a command, unless nothing is to be kept. The arguments are copied.
func (l *Log) Add(args [][]byte, micros, unix int64, addr, name string) {
	if l.maxLen() <= 0 {
		return
	}
	e := Entry{Unix: unix, Micros: micros, Args: cut(args), Addr: addr, Name: name}
	l.mu.Lock()
	defer l.mu.Unlock()
	e.ID = l.next
	l.next++
	l.entries = append(l.entries, e)
	l.trimLocked()
}

// cut copies the arguments as far as they are kept; what is left out is said in its place.
func cut(args [][]byte) []string {
	n := min(len(args), maxArgs)
	out := make([]string, n)
	for i := range n {
		switch a := args[i]; {
		case i == maxArgs-1 && len(args) > maxArgs:
			out[i] = fmt.Sprintf("... (%d more arguments)", len(args)-maxArgs+1)
		case len(a) > maxArg:
			out[i] = fmt.Sprintf("%s... (%d more bytes)", a[:maxArg], len(a)-maxArg)
		default:
			out[i] = string(a)
		}
	}
	return out
}

// trimLocked drops what is over the limit. REQUIRES: l.mu is held.
func (l *Log) trimLocked() {
	over := len(l.entries) - int(max(0, min(l.maxLen(), int64(len(l.entries)))))
	if over > 0 {
		clear(l.entries[:over])
		l.entries = l.entries[over:]
	}
}

// Get returns the n newest entries, the newest first; all of them when n is negative.
func (l *Log) Get(n int) []Entry {
	l.mu.Lock()
	defer l.mu.Unlock()
	if n < 0 || n > len(l.entries) {
		n = len(l.entries)
	}
	out := make([]Entry, n)
	for i := range out {
		out[i] = l.entries[len(l.entries)-1-i]
	}
	return out
}

// Len is the number of entries.
func (l *Log) Len() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.entries)
}

// Reset drops all entries; the ids go on.
func (l *Log) Reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.entries = nil
}
