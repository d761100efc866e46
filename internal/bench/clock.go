package bench

import "time"

// epoch is where instants are counted from.
var epoch = time.Now()

// instant is a point on the monotonic clock, in nanoseconds since epoch. Integers, because millions of them are kept.
type instant int64

func now() instant { return instant(time.Since(epoch)) }

func (t instant) since(u instant) time.Duration { return time.Duration(t - u) }

func (t instant) add(d time.Duration) instant { return t + instant(d) }

// wall converts a wall clock time, such as a key's deadline, to an instant.
func wall(t time.Time) instant { return now().add(time.Until(t)) }
