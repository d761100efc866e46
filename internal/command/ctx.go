package command

import (
	"github.com/curfewkv/curfew/internal/clock"
	"github.com/curfewkv/curfew/internal/keyspace"
	"github.com/curfewkv/curfew/internal/session"
	"github.com/curfewkv/curfew/resp"
	"github.com/curfewkv/curfew/resp/number"
)

// Ctx is what a command runs on. It is the worker's and reused: a command keeps nothing of it. A command that runs within
// another has its own.
type Ctx struct {
	Spec *Spec
	// Args include the command's name; they are borrowed from the connection's buffer.
	Args [][]byte
	// Now is the instant of the command; all of its decisions about time use it.
	Now clock.Instant
	// Out takes the reply, in the session's protocol.
	Out *resp.Writer
	// Tx reaches the keys. Their shards are locked.
	Tx      *keyspace.Txn
	Session *session.Session
	// Phase is where the command comes from.
	Phase Phase
	// Caller runs the commands of Call.
	Caller Caller
	// CloseAfter: the connection is to be closed once the reply is sent. Set by the command.
	CloseAfter bool
	// Gone reports, to a command that runs off the event loops, whether its reply is not wanted any more. See Abandoned.
	Gone func() bool
	// Worker is the index of the worker that runs the command.
	Worker int
	// Scratch is a small buffer for formatting integers.
	Scratch [32]byte
}

// Park makes the session wait, the command having written nothing and returning nil, and returns the park that it waits on; nil: the
// command must not wait, because it runs within another, and replies as if the wait's time had run out. See session.Suspend.
func (c *Ctx) Park(p *session.Park) *session.Park {
	if c.Nested() {
		return nil
	}
	return c.Session.Suspend(p)
}

// Abandoned reports whether the reply is not wanted any more: the client went away, or the server stops. A command that is long
// and may end early asks now and then.
func (c *Ctx) Abandoned() bool { return c.Gone != nil && c.Gone() }

// Int parses argument i as a 64-bit integer.
func (c *Ctx) Int(i int) (int64, error) {
	n, ok := number.ParseInt64(c.Args[i])
	if !ok {
		return 0, ErrNotInteger
	}
	return n, nil
}

// Is compares argument i with a word in upper case, ignoring case.
func (c *Ctx) Is(i int, word string) bool { return EqualFold(c.Args[i], word) }

// EqualFold compares b with a word in upper-case ASCII, ignoring the case of b.
func EqualFold(b []byte, word string) bool {
	if len(b) != len(word) {
		return false
	}
	for i := range b {
		ch := b[i]
		if ch >= 'a' && ch <= 'z' {
			ch -= 'a' - 'A'
		}
		if ch != word[i] {
			return false
		}
	}
	return true
}

// StringEntry looks key up for reading; a key of another type is an error.
func (c *Ctx) StringEntry(key []byte) (keyspace.Entry, bool, error) {
	en, ok := c.Tx.Read(key)
	if ok && !en.IsString() {
		return en, false, ErrWrongType
	}
	return en, ok, nil
}

// WriteString looks key up for writing; a key of another type is an error.
func (c *Ctx) WriteString(key []byte) (keyspace.Entry, bool, error) {
	en, ok := c.Tx.Write(key)
	if ok && !en.IsString() {
		return en, false, ErrWrongType
	}
	return en, ok, nil
}
