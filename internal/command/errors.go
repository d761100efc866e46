package command

import (
	"bytes"
	"fmt"
)

// Error is an error reply, prefix included and leading '-' left out. A comparable value, so that each wire error lives once.
type Error string

func (e Error) Error() string { return string(e) }

// The wire errors that more than one command gives.
const (
	ErrSyntax       Error = "ERR syntax error"
	ErrNotInteger   Error = "ERR value is not an integer or out of range"
	ErrNotFloat     Error = "ERR value is not a valid float"
	ErrWrongType    Error = "WRONGTYPE Operation against a key holding the wrong kind of value"
	ErrNoKey        Error = "ERR no such key"
	ErrOutOfRange   Error = "ERR index out of range"
	ErrOverflow     Error = "ERR increment or decrement would overflow"
	ErrDBIndex      Error = "ERR DB index is out of range"
	ErrInvalidDB    Error = "ERR invalid DB index"
	ErrSameObject   Error = "ERR source and destination objects are the same"
	ErrStringTooBig Error = "ERR string exceeds maximum allowed size (proto-max-bulk-len)"
	ErrNoAuth       Error = "NOAUTH Authentication required."
	ErrOOM          Error = "OOM command not allowed when used memory > 'maxmemory'."
	ErrExecAbort    Error = "EXECABORT Transaction discarded because of previous errors."
	ErrNotPositive  Error = "ERR value is out of range, must be positive"
)

// Errorf builds an error reply; the format includes the prefix. What a client sent is shown as Quoted has it.
func Errorf(format string, args ...any) Error {
	for i, a := range args {
		if b, sent := a.([]byte); sent {
			args[i] = Quoted(b)
		}
	}
	return Error(fmt.Sprintf(format, args...))
}

// Quoted is an argument as error replies show it: it ends at a zero byte, as C's strings do in Redis.
func Quoted(arg []byte) []byte {
	shown, _, _ := bytes.Cut(arg, []byte{0})
	return shown
}

// ErrWrongArgs is the arity error of a command.
func ErrWrongArgs(name string) Error {
	return Errorf("ERR wrong number of arguments for '%s' command", name)
}

// ErrInvalidExpire is the error for a TTL that is out of range.
func ErrInvalidExpire(name string) Error {
	return Errorf("ERR invalid expire time in '%s' command", name)
}

// ErrUnknownSubcommand is the error for a word that a container does not know.
func ErrUnknownSubcommand(word []byte, container string) Error {
	return Errorf("ERR unknown subcommand '%.128s'. Try %s HELP.", word, container)
}
