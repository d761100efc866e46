package lifetime

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"strconv"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// Relay carries invalidations to other regions, each of which has a Redis of its own, so that no write to a database waits
// for a round trip around the world.
//
// A region writes its invalidations to a stream in its own Redis, before it invalidates anything itself: a process that
// dies in between has invalidated everywhere, not here only. A Relay in every other region reads that stream, removes the
// keys there and publishes them there, as Invalidator does. The reader's position is kept in the reader's own Redis, so
// it goes on where it was after a disconnect, a restart or a failover. Entries are applied at least once, in order;
// twice does no harm. Several processes of a region may read: each applies everything.
//
// The stream is bounded, so a region that is away for longer than it reaches back misses entries. That is found out, and
// OnGap is called: the only right answer is to drop everything that the other region may have invalidated. From Redis 7.0
// on it is found exactly, by the server's count of entries. Before, it is presumed when the last entry that was
// read is no longer in the stream.
//
// What is relayed is not written to the stream of the region where it arrives, so it cannot circle.
type Relay struct {
	local   *Invalidator
	options RelayOptions
	cancel  context.CancelFunc
	done    sync.WaitGroup
}

// RelayOptions are what NewRelay needs to know.
type RelayOptions struct {
	Region string // this region: the name under which the others have it in Sources
	Stream string // name of the streams; "" is "lifetime:relay". In a Cluster, one slot has it

	// MaxAge and MaxLen bound this region's stream, approximately: entries go when they are older, or, if MaxLen is set,
	// when there are more. MaxAge 0 is 24 hours. The stream has no TTL: one that ended would look like a gap.
	MaxAge time.Duration
	MaxLen int64

	// Sources are the Redis servers of the other regions. Without any, the Relay only writes.
	Sources map[string]redis.UniversalClient
	// OnGap is called when entries of a source were missed, and before anything newer is applied. It is called again
	// after a while when it returns an error.
	OnGap func(context.Context, Gap) error
	// OnError is told of errors that the Relay itself goes on from, by trying again; nil: nobody is.
	OnError func(source string, err error)

	// Spread is over how much time the regions spread the same invalidation, so that they do not all load the new value
	// at the same moment. Each has its own offset below that, always the same one. 0: none.
	Spread time.Duration
	// Poll is how long one blocking read lasts, and so how long Close may take. 0 is 1 s.
	Poll time.Duration

	Telemetry Telemetry
}

// Gap says what is missing of a source's invalidations.
type Gap struct {
	Source string // region
	Reason string
	From   string // id of the last entry that was read; "" when nothing is known
	To     string // id up to which entries count as dealt with when OnGap returns nil
}

// NewRelay begins to read the sources. The Invalidator is that of this region, and its client stays the caller's, like
// those of the sources.
func NewRelay(local *Invalidator, options RelayOptions) (*Relay, error) {
	if options.Stream == "" {
		options.Stream = "lifetime:relay"
	}
	if options.MaxAge <= 0 {
		options.MaxAge = 24 * time.Hour
	}
	if options.Poll <= 0 {
		options.Poll = time.Second
	}
	if options.OnError == nil {
		options.OnError = func(string, error) {}
	}
	switch _, self := options.Sources[options.Region]; {
	case local == nil:
		return nil, errors.New("a relay without an Invalidator")
	case options.Region == "":
		return nil, errors.New("RelayOptions: Region is empty: its entries could not be told from those of others")
	case self:
		return nil, fmt.Errorf("RelayOptions: region %q is a source of itself", options.Region)
	case len(options.Sources) > 0 && options.OnGap == nil:
		return nil, errors.New("RelayOptions: OnGap is nil: missed invalidations would stay unknown")
	}
	for name, client := range options.Sources {
		if client == nil {
			return nil, fmt.Errorf("region %q: %w", name, errNoClient)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	r := &Relay{local: local, options: options, cancel: cancel}
	for name, client := range options.Sources {
		s := &relaySource{relay: r, name: name, client: client}
		r.done.Go(func() { s.run(ctx) })
	}
	return r, nil
}

// Close stops reading, and returns when nothing runs any more.
func (r *Relay) Close() error {
	r.cancel()
	r.done.Wait()
	return nil
}

// Invalidate writes keys to this region's stream, then invalidates them here. When one of the two fails, the other is
// done all the same; it can be repeated after an error.
func (r *Relay) Invalidate(ctx context.Context, keys ...string) (removed int64, err error) {
	if len(keys) == 0 {
		return 0, nil
	}
	pipe := r.local.client.Pipeline()
	for rest := keys; len(rest) > 0; {
		n := min(len(rest), messageKeys)
		pipe.XAdd(ctx, r.entry(rest[:n]))
		rest = rest[n:]
	}
	if _, err = pipe.Exec(withoutPolicy(ctx)); err != nil {
		err = fmt.Errorf("telling other regions of %d keys: %w", len(keys), err)
	}
	removed, here := r.local.Invalidate(ctx, keys...)
	return removed, errors.Join(err, here)
}

func (r *Relay) entry(keys []string) *redis.XAddArgs {
	entry := &redis.XAddArgs{
		Stream: r.options.Stream, Approx: true,
		Values: []any{"message", appendNetstrings(nil, r.options.Region, keys)},
	}
	if r.options.MaxLen > 0 {
		entry.MaxLen = r.options.MaxLen
	} else {
		entry.MinID = strconv.FormatInt(time.Now().Add(-r.options.MaxAge).UnixMilli(), 10)
	}
	return entry
}

// offset is this region's share of Spread.
func (r *Relay) offset() time.Duration {
	h := fnv.New32a()
	_, _ = h.Write([]byte(r.options.Region))
	return time.Duration(float64(r.options.Spread) * float64(h.Sum32()) / (1 << 32))
}
