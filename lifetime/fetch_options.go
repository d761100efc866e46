package lifetime

import (
	"fmt"
	"time"
)

// CacheOptions say how a Cache behaves. The zero value is a plain read-through cache with early refresh.
type CacheOptions struct {
	// Codec turns values into bytes; nil: JSON. []byte and string are stored as they are.
	Codec Codec

	// StaleWhileRevalidate is for how long after its TTL a value is still served, at once, while one caller refreshes it.
	StaleWhileRevalidate time.Duration
	// StaleIfError is for how much longer a value is kept to be served if loading it fails. Within that time callers wait
	// for the load.
	StaleIfError time.Duration
	// NegativeTTL is for how long it is remembered that a load returned ErrNotFound. 0: it is not.
	NegativeTTL time.Duration

	// Beta is how eagerly values are refreshed before their end (XFetch). 0: 1, which is optimal for most. Negative: never.
	Beta float64
	// Jitter spreads TTLs, so that keys that were written together do not end together.
	Jitter Jitter

	// LoadTimeout bounds a load. 0: 10 s. A load's context ends then, and so does the wait for it; a load that does not
	// heed its context keeps its goroutine until it returns.
	LoadTimeout time.Duration
	// LeaseTTL is after what time somebody else loads if the one who loads has died. It is renewed during a load, so it can
	// be shorter than loads are. 0: 3 s.
	LeaseTTL time.Duration
	// WaitLimit bounds the wait for another process's load; who has waited that long loads without the cache.
	// 0: LoadTimeout and LeaseTTL together.
	WaitLimit time.Duration
	// RetryPause is for how long stale values are served, without another attempt, after a load failed. 0: 1 s.
	RetryPause time.Duration

	// FailClosed makes Fetch return an error when the cache cannot be used. Otherwise it loads, once at a time for each key
	// in this process: whoever sets neither FailClosed nor a limit in load puts the whole load of a cache that is gone on
	// the origin.
	FailClosed bool
	// CircuitPause is how long a server that has not answered several times in a row is left alone, so that callers do not
	// wait for it one by one. 0: 1 s. How long the first ones wait is up to the client's DialTimeout, ReadTimeout and
	// MaxRetries.
	CircuitPause time.Duration

	// OnError, if given, hears what no caller does: a refresh that failed, a value that could not be stored, a cache that
	// was passed by. It is called on the goroutine at work, and must not block.
	OnError func(key string, err error)

	Telemetry Telemetry
}

// complete returns the options with defaults in place of zeros, or what is wrong with them.
func (o CacheOptions) complete() (CacheOptions, error) {
	for _, d := range []struct {
		name    string
		value   *time.Duration
		byZero  time.Duration
		longest time.Duration
	}{
		{"StaleWhileRevalidate", &o.StaleWhileRevalidate, 0, longestWindow},
		{"StaleIfError", &o.StaleIfError, 0, longestWindow},
		{"NegativeTTL", &o.NegativeTTL, 0, longestTTL},
		{"LoadTimeout", &o.LoadTimeout, 10 * time.Second, longestTTL},
		{"LeaseTTL", &o.LeaseTTL, 3 * time.Second, longestTTL},
		{"RetryPause", &o.RetryPause, time.Second, longestTTL},
		{"CircuitPause", &o.CircuitPause, time.Second, longestTTL},
		{"WaitLimit", &o.WaitLimit, 0, longestTTL},
	} {
		if *d.value < 0 || *d.value > d.longest {
			return o, fmt.Errorf("CacheOptions: %s is %v: it must be from 0 to %v", d.name, *d.value, d.longest)
		}
		if *d.value == 0 {
			*d.value = d.byZero
		}
	}
	if err := o.Jitter.check(); err != nil {
		return o, fmt.Errorf("CacheOptions: %w", err)
	}
	if o.LeaseTTL < shortestLease {
		return o, fmt.Errorf("CacheOptions: LeaseTTL is %v: it must be %v or more, or round trips outlast it", o.LeaseTTL, shortestLease)
	}
	if o.WaitLimit == 0 {
		o.WaitLimit = o.LoadTimeout + o.LeaseTTL
	}
	if o.Beta == 0 {
		o.Beta = 1
	}
	if o.Codec == nil {
		o.Codec = JSON{}
	}
	return o, nil
}

const (
	shortestLease = 50 * time.Millisecond
	// longestTTL keeps sums of lifetimes within a time.Duration: 100 years.
	longestTTL = 100 * 365 * 24 * time.Hour
)
