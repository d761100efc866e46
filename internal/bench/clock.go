package bench

import (
	"time"

	"golang.org/x/sys/unix"
)

// instant is a point on the machine's monotonic clock, in nanoseconds: the bystander is another process, and both must
// mean the same. Integers, because millions of them are kept.
type instant int64

// epoch is one moment on Go's clock and on the machine's. Go reads the same clock, faster, but shows differences only.
var epoch, epochInstant = func() (time.Time, instant) {
	var ts unix.Timespec
	at := time.Now()
	_ = unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts) // always there; were it not, waits would still be right
	return at, instant(ts.Nano())
}()

func now() instant { return epochInstant + instant(time.Since(epoch)) }

func (t instant) since(u instant) time.Duration { return time.Duration(t - u) }

func (t instant) add(d time.Duration) instant { return t + instant(d) }

// wall converts a wall clock time, such as a key's deadline, to an instant.
func wall(t time.Time) instant { return now().add(time.Until(t)) }
