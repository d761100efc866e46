package lifetime

import (
	"context"
	"time"
)

// A ClockOffset is by how much a server's clock is ahead of this host's: Offset, give or take Bound. Negative: behind.
//
// It is Cristian's estimate ("Probabilistic clock synchronization", Distributed Computing 3, 1989): the server read its
// clock somewhere between the question and the answer; taking the middle errs by half of the round trip at most,
// however unevenly the two ways took. Of several readings the one with the shortest round trip is kept, as NTP's clock
// filter does (RFC 5905, section 10).
type ClockOffset struct {
	Offset    time.Duration
	Bound     time.Duration // half of RoundTrip, and half of the microsecond that TIME rounds down to
	RoundTrip time.Duration // the shortest of the readings
	Samples   int           // readings that were answered
}

// timeResolution is the unit of TIME's reply.
const timeResolution = time.Microsecond

// hostClock is this host's clock as it ran on from an epoch: wall time of the epoch, and monotonic time since. A step
// of the wall clock in the middle of a measurement does not move one reading against another.
type hostClock struct {
	epoch time.Time
	now   func() time.Time
}

func (c hostClock) elapsed() time.Duration { return c.now().Sub(c.epoch) }

// measureOffset reads the server's clock so many times. It fails only when no reading was answered.
func measureOffset(ctx context.Context, server TimeSource, samples int, host hostClock) (ClockOffset, error) {
	var best ClockOffset
	for range samples {
		asked := host.elapsed()
		at, err := server.Time(ctx).Result()
		answered := host.elapsed()
		if err != nil {
			if best.Samples > 0 {
				break
			}
			return ClockOffset{}, err
		}
		trip := answered - asked
		if best.Samples == 0 || trip < best.RoundTrip {
			middle := host.epoch.Add(asked + trip/2)
			best.Offset = at.Add(timeResolution / 2).Sub(middle)
			best.RoundTrip = trip
			best.Bound = (trip + timeResolution + 1) / 2
		}
		best.Samples++
	}
	return best, nil
}
