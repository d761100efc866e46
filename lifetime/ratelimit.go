package lifetime

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/redis/go-redis/v9"
)

// RateLimitOptions say what a RateLimit allows.
type RateLimitOptions struct {
	// Requests in each Per are allowed in the long run.
	Requests int
	Per      time.Duration
	// Burst is how many requests may come at once after a rest. 0: Requests.
	Burst int
	// Prefix stands before keys in the keyspace. Empty: "ratelimit:".
	Prefix string

	Telemetry Telemetry
}

// RateLimitResult is the answer to one request.
type RateLimitResult struct {
	Allowed    bool
	Remaining  int           // requests that would be allowed now
	RetryAfter time.Duration // until this request would be allowed; 0 if it was
	ResetAfter time.Duration // until the whole burst is allowed again
}

// RateLimit limits how often something may be done, for each of any number of keys (users, addresses). All processes
// that use one server share the limit. One request is one round trip, to one script.
//
// It is the generic cell rate algorithm in its form as a leaky bucket (ITU-T recommendation I.371, annex A). There are
// no windows, at whose borders twice the limit would pass: a request fills a bucket of size Burst by its cost, the
// bucket drains by Requests in each Per, and what does not fit is refused and fills nothing. Time is the server's, and
// the arithmetic is exact. A key ends by itself when its bucket is empty; a key that is not there is an empty bucket, so
// eviction or a failover forgives what was used.
//
// A server that cannot be asked is an error, with a result that allows nothing: whether to go on is the caller's choice.
// Servers without scripts are asked by WATCH, MULTI and EXEC, in more round trips.
type RateLimit struct {
	client  redis.UniversalClient
	options RateLimitOptions
	bucket  bucket
	scripts scripting
}

// NewRateLimit returns a limit.
func NewRateLimit(client redis.UniversalClient, options RateLimitOptions) (*RateLimit, error) {
	if options.Burst == 0 {
		options.Burst = options.Requests
	}
	if options.Prefix == "" {
		options.Prefix = "ratelimit:"
	}
	switch {
	case client == nil:
		return nil, errNoClient
	case options.Requests < 1:
		return nil, fmt.Errorf("RateLimitOptions: Requests is %d: it must be 1 or more", options.Requests)
	case options.Burst < 1:
		return nil, fmt.Errorf("RateLimitOptions: Burst is %d: it must be 1 or more", options.Burst)
	case options.Per < time.Millisecond || options.Per%time.Microsecond != 0:
		return nil, fmt.Errorf("RateLimitOptions: Per is %v: it must be 1ms or more, in whole microseconds", options.Per)
	}
	b := bucket{rate: int64(options.Requests), cost: int64(options.Per / time.Microsecond)}
	if int64(options.Burst) > longestLevel/b.cost || b.rate > longestLevel {
		return nil, fmt.Errorf("RateLimitOptions: Burst %d times Per %v is beyond what scripts can count", options.Burst, options.Per)
	}
	b.size = int64(options.Burst) * b.cost
	if b.size/b.rate > int64(longestTTL/time.Microsecond) {
		return nil, fmt.Errorf("RateLimitOptions: %d requests take longer than %v to drain", options.Burst, longestTTL)
	}
	return &RateLimit{client: client, options: options, bucket: b}, nil
}

// Allow asks for one request.
func (r *RateLimit) Allow(ctx context.Context, key string) (RateLimitResult, error) {
	return r.AllowN(ctx, key, 1)
}

// AllowN asks for n requests at once, or one that counts as n: all or none are allowed. More than Burst never are, and
// are an error.
func (r *RateLimit) AllowN(ctx context.Context, key string, n int) (result RateLimitResult, err error) {
	ctx, end := r.options.Telemetry.span(ctx, "lifetime.RateLimit", slog.String("lifetime.key", r.options.Prefix+key))
	defer func() {
		r.options.Telemetry.add(limitTotal, 1, limitResult(result.Allowed, err))
		end(err)
	}()
	switch {
	case key == "":
		return result, errors.New("rate limit: the key is empty")
	case n < 1 || n > r.options.Burst:
		return result, fmt.Errorf("rate limit %q: the cost is %d: it must be from 1 to the burst, %d", key, n, r.options.Burst)
	}
	d, err := r.spend(ctx, r.options.Prefix+key, int64(n)*r.bucket.cost)
	if err != nil {
		return result, fmt.Errorf("rate limit %q: %w", key, err)
	}
	return RateLimitResult{
		Allowed:    d.allowed,
		Remaining:  int((r.bucket.size - d.level) / r.bucket.cost),
		RetryAfter: time.Duration(d.wait) * time.Microsecond,
		ResetAfter: time.Duration(r.bucket.drained(d.level)) * time.Microsecond,
	}, nil
}
