package rdb

import (
	"errors"
	"fmt"
)

// What can be wrong with a file. An *Error wraps one of them, or the error of the underlying reader.
var (
	ErrNotRDB    = errors.New("not an RDB file")
	ErrTruncated = errors.New("the file ends too early")
	ErrCorrupt   = errors.New("corrupt")
	ErrUnknown   = errors.New("not understood")
	ErrChecksum  = errors.New("wrong checksum")
)

// An Error says how far the reading came.
type Error struct {
	Offset int64 // where the trouble was noticed: so many bytes before it were understood
	Keys   int64 // read in full before it
	Err    error
}

func (e *Error) Error() string {
	return fmt.Sprintf("rdb: at byte %d, after %d keys: %v", e.Offset, e.Keys, e.Err)
}

func (e *Error) Unwrap() error { return e.Err }
