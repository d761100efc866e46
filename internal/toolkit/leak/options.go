package leak

import (
	"fmt"
	"io"
	"time"

	"github.com/curfewkv/curfew/internal/toolkit/connect"
)

// Options say how big the demonstration is. Zero values mean what is in Defaults.
type Options struct {
	Command []string        // starts a server that takes redis-server's settings; its settings are appended
	Target  *connect.Target // a server that runs already, instead
	Rate    int             // sessions a second
	Value   int             // bytes of each
	Alarm   int64           // keys without a TTL that raise the alarm
	Budget  int64           // bytes that the sessions may take; at 80% the other alarm is raised
	TTL     time.Duration   // that sessions should have had
	Jitter  float64         // percent
	Tick    time.Duration   // between looks
	Out     io.Writer       // a terminal is drawn on; elsewhere, lines are written
	Quiet   bool            // neither
}

// Defaults tell the story in about half a minute.
func Defaults() Options {
	return Options{
		Rate: 2000, Value: 1024, Alarm: 1000, Budget: 64 << 20, TTL: 5 * time.Second, Jitter: 20, Tick: 100 * time.Millisecond,
	}
}

const (
	// memoryAlarm is the share of the budget that the usual alarm looks at.
	memoryAlarm = 0.8
	// maxSessions bounds what a mistyped flag can fill.
	maxSessions = 5_000_000
)

func (o *Options) check() error {
	switch {
	case o.Rate < 1 || o.Rate > 1_000_000:
		return fmt.Errorf("--rate %d: 1 to 1000000 sessions a second", o.Rate)
	case o.Value < 1 || o.Value > 1<<20:
		return fmt.Errorf("--value %d: 1 byte to 1 MiB", o.Value)
	case o.Alarm < 1:
		return fmt.Errorf("--alarm %d: 1 key or more", o.Alarm)
	case o.TTL < time.Second || o.TTL > time.Hour:
		return fmt.Errorf("--ttl %v: 1s to 1h", o.TTL)
	case o.Jitter < 0 || o.Jitter >= 100:
		return fmt.Errorf("--jitter %v: 0 to less than 100", o.Jitter)
	case o.Budget < 1<<20 || o.Budget/int64(o.Value) > maxSessions:
		return fmt.Errorf("--memory of %d bytes in values of %d: want 1 MiB or more, and at most %d values", o.Budget, o.Value, maxSessions)
	case o.Budget < 3*o.Alarm*int64(o.Value):
		return fmt.Errorf("%d bytes are full before %d keys of %d bytes raise the alarm", o.Budget, o.Alarm, o.Value)
	case o.Tick <= 0:
		return fmt.Errorf("a tick of %v", o.Tick)
	}
	return nil
}
