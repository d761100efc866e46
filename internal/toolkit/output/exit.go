package output

import (
	"context"
	"errors"
	"fmt"
)

// Exit statuses of the tools, for CI.
const (
	ExitOK          = 0
	ExitFound       = 1 // a limit was crossed, or something was found that should not be there
	ExitFailed      = 2 // the tool could not do its work: bad flags, no connection
	ExitInterrupted = 130
)

// A Finding is the error of a tool that did its work and found what it was asked to fail for.
type Finding struct{ Text string }

func (f *Finding) Error() string { return f.Text }

// Findingf makes a Finding.
func Findingf(format string, args ...any) error { return &Finding{fmt.Sprintf(format, args...)} }

// ExitStatus is the status that a program ends with after err.
func ExitStatus(err error) int {
	var finding *Finding
	switch {
	case err == nil:
		return ExitOK
	case errors.As(err, &finding):
		return ExitFound
	case errors.Is(err, context.Canceled):
		return ExitInterrupted
	}
	return ExitFailed
}
