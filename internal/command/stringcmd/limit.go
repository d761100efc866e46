package stringcmd

import (
	"math"

	"github.com/curfewkv/curfew/internal/command"
)

// limit is what bounds the length of a string, for the commands that can make one longer than their arguments.
type limit struct{ maxBulk func() int64 }

// check refuses a string of offset and then n bytes that is too long. offset is not negative.
func (l limit) check(offset, n int64) error {
	if n > math.MaxInt64-offset || offset+n > l.maxBulk() {
		return command.ErrStringTooBig
	}
	return nil
}
