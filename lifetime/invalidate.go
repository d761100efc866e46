package lifetime

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/redis/go-redis/v9"
)

// Invalidator removes keys whose data has changed, and tells everybody who keeps copies of them in a process.
//
// Keys are removed with UNLINK, which frees memory off the server's main thread, or with DEL where UNLINK is not known or not
// permitted; by slot in a Cluster, all in one round trip. Then the keys are published on a channel, for Listen. Removal
// comes first: who hears the message and reads again must not find the old value. More than a thousand keys make several
// messages, whose order a Cluster does not keep.
//
// The keys may be Fetch's: a value whose load began before is not stored after. (Their LeaseKeys are removed too, but
// neither counted nor published.)
//
// A TTL remains the net: Pub/Sub reaches only those who are connected, and a process can die between a write to the
// database and its invalidation.
type Invalidator struct {
	client  redis.UniversalClient
	options InvalidatorOptions
	eraser  eraser
}

// InvalidatorOptions are what NewInvalidator needs to know.
type InvalidatorOptions struct {
	Region    string // who sends; label of the figures
	Channel   string // "" is "lifetime:invalidate"
	Sharded   bool   // SPUBLISH and SSUBSCRIBE: in a Cluster the message stays in the channel's shard. Needs 7.0
	Telemetry Telemetry
}

// messageKeys bounds the keys of one message, so that listeners get bounded messages.
const messageKeys = 1000

// NewInvalidator returns an Invalidator on a client, which stays the caller's.
func NewInvalidator(client redis.UniversalClient, options InvalidatorOptions) *Invalidator {
	if options.Channel == "" {
		options.Channel = "lifetime:invalidate"
	}
	i := &Invalidator{client: client, options: options}
	i.eraser.client = client
	return i
}

// Invalidate removes keys and publishes them, and returns how many existed. All keys are published even when some could
// not be removed: dropping a copy too much does no harm. It can be repeated after an error.
func (i *Invalidator) Invalidate(ctx context.Context, keys ...string) (removed int64, err error) {
	return i.invalidate(ctx, i.options.Region, keys)
}

// invalidate does it for changes made in a region, which is not always this one.
func (i *Invalidator) invalidate(ctx context.Context, origin string, keys []string) (removed int64, err error) {
	if len(keys) == 0 {
		return 0, nil
	}
	begun := time.Now()
	ctx, end := i.options.Telemetry.span(ctx, "lifetime.Invalidate",
		slog.Int("lifetime.keys", len(keys)), slog.String("lifetime.region", i.options.Region))
	removed, err = i.eraser.eraseCached(ctx, keys)
	if told := i.publish(ctx, origin, keys); told != nil {
		err = errors.Join(err, fmt.Errorf("publishing %d invalidated keys: %w", len(keys), told))
	}
	i.options.Telemetry.observe(invalidationLatency, time.Since(begun).Seconds(), i.options.Region)
	i.options.Telemetry.add(invalidationTotal, float64(len(keys)), i.options.Region)
	end(err)
	return removed, err
}

func (i *Invalidator) publish(ctx context.Context, origin string, keys []string) error {
	if ring, ok := i.client.(*redis.Ring); ok {
		// Its listeners are at one of its servers, which changes when one is down: whoever is at any of them shall hear.
		return ring.ForEachShard(ctx, func(ctx context.Context, shard *redis.Client) error {
			return i.publishBy(ctx, shard, origin, keys)
		})
	}
	return i.publishBy(ctx, i.client, origin, keys)
}

func (i *Invalidator) publishBy(ctx context.Context, client redis.UniversalClient, origin string, keys []string) error {
	pipe := client.Pipeline()
	for len(keys) > 0 {
		n := min(len(keys), messageKeys)
		message := appendNetstrings(nil, origin, keys[:n])
		if i.options.Sharded {
			pipe.SPublish(ctx, i.options.Channel, message)
		} else {
			pipe.Publish(ctx, i.options.Channel, message)
		}
		keys = keys[n:]
	}
	_, err := pipe.Exec(ctx)
	return err
}
