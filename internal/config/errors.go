package config

import (
	"errors"
	"fmt"
	"strings"
)

// Banner is the product and the Redis version that it announces, as Redis's own
// messages show them.
const Banner = "Curfew 7.4.0"

// Texts that clients match on; they are Redis's.
var (
	errArgCount   = errors.New("wrong number of arguments")
	errBool       = errors.New("argument must be 'yes' or 'no'")
	errInteger    = errors.New("argument couldn't be parsed into an integer")
	errOctal      = errors.New("argument couldn't be parsed as an octal number")
	errMemory     = errors.New("argument must be a memory value")
	errMemPercent = errors.New("argument must be a memory or percent value")
	errQuotes     = errors.New("Unbalanced quotes in configuration line")
	errDirective  = errors.New("Bad directive or wrong number of arguments")
	errSentinel   = errors.New("sentinel directive while not in sentinel mode")
	errImmutable  = errors.New("can't set immutable config")
	errProtected  = errors.New("can't set protected config")
	errDuplicate  = errors.New("duplicate parameter")

	// ErrNoFile answers CONFIG REWRITE of a server started without a file.
	ErrNoFile = errors.New("ERR The server is running without a config file")
)

// errUnknown shows the name up to a zero byte, where C's strings end in Redis.
func errUnknown(name string) error {
	name, _, _ = strings.Cut(name, "\x00")
	return fmt.Errorf("ERR Unknown option or number of arguments for CONFIG SET - '%s'", name)
}

func errSet(name string, why error) error {
	return fmt.Errorf("ERR CONFIG SET failed (possibly related to argument '%s') - %w", name, why)
}

// LoadError is why a configuration could not be loaded.
type LoadError struct {
	Source string // path, "standard input" or "the command line"
	Line   int    // from 1; 0 when no line is at fault
	Text   string // the line
	Err    error
}

func (e *LoadError) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("config: %s: %v", e.Source, e.Err)
	}
	return fmt.Sprintf("config: %s, line %d: %v", e.Source, e.Line, e.Err)
}

func (e *LoadError) Unwrap() error { return e.Err }

// Fatal is the message that Redis prints on standard error before it exits.
func (e *LoadError) Fatal() string {
	head := "\n*** FATAL CONFIG FILE ERROR (" + Banner + ") ***\n"
	if e.Line == 0 {
		return head + e.Err.Error() + "\n"
	}
	where := "configuration file, at line"
	if e.Source == commandLine {
		where = "command line, at option"
	}
	return fmt.Sprintf("%sReading the %s %d\n>>> '%s'\n%v\n", head, where, e.Line, e.Text, e.Err)
}
