package replay

import (
	"errors"
	"time"

	"github.com/curfewkv/curfew/internal/trace"
)

// DefaultValueSize is the length of values whose size neither the trace nor the user names.
const DefaultValueSize = 100

// Options says how a trace becomes commands.
type Options struct {
	Requests     int64         // stop after so many; 0: the whole trace
	Concurrency  int           // workers, each with a connection
	Pipeline     int           // most requests that a worker sends at once
	ValueSize    int           // length of every value, or trace.NoSize to take the trace's
	MaxValueSize int           // longer values are cut to it
	TTL          time.Duration // lifetime where the trace names none; 0: none
	Mix          *trace.TTLMix // dealt instead of TTL; may be nil
	TTLScale     float64       // lifetimes are multiplied by it
	Speed        float64       // trace time over real time; 0: not by the trace's times
	Rate         float64       // requests per second, for traces without times; 0: as fast as possible
	Sample       time.Duration // how often used_memory is looked at; 0: never
}

// Source yields requests: a trace.Reader, or a list in a test.
type Source interface {
	Next(r *trace.Request) error
}

var errNoTimes = errors.New("the trace has no times, so it can only be replayed as fast as possible (speed 0)")

func (o *Options) check() error {
	switch {
	case o.Concurrency < 1 || o.Pipeline < 1:
		return errors.New("concurrency and pipeline must be at least 1")
	case o.Rate < 0 || (o.Rate > 0 && o.Speed > 0):
		return errors.New("a rate must be positive, and excludes a speed")
	case o.Speed < 0 || o.TTLScale <= 0 || o.TTL < 0:
		return errors.New("speed, TTL and TTL scale must not be negative, nor the scale 0")
	case o.MaxValueSize < 1 || o.ValueSize < trace.NoSize:
		return errors.New("value sizes must be positive")
	}
	return nil
}

// size returns the length of the value to store, and whether it had to be cut.
func (o *Options) size(r *trace.Request) (n int, cut bool) {
	switch {
	case o.ValueSize != trace.NoSize:
		n = o.ValueSize
	case r.Size != trace.NoSize:
		n = r.Size
	default:
		n = DefaultValueSize
	}
	return min(n, o.MaxValueSize), n > o.MaxValueSize
}

// lifetime returns the TTL to store the object with; 0 is none.
func (o *Options) lifetime(r *trace.Request) time.Duration {
	ttl := r.TTL
	if ttl == 0 {
		if o.Mix != nil {
			ttl = o.Mix.TTL(r.Key)
		} else {
			ttl = o.TTL
		}
	}
	if ttl == 0 {
		return 0
	}
	return max(time.Millisecond, time.Duration(float64(ttl)*o.TTLScale))
}
