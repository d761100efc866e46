package lifetime

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
)

// Tags keeps values that can be invalidated by what they are about: a tag is a name that any number of values carry.
//
// A tag is one small key that holds a generation: a random number. A value carries the generations that its tags had
// when its making began, and Get takes it for valid only while they are still the present ones. To invalidate a tag is to
// remove its key: one command, whatever the number of values, and they all become invisible at that instant, also those
// that a slow loader writes afterwards from old data.
//
// That is instead of a set of keys for each tag, which is what leaks: a set knows nothing of its members' lifetimes, and
// outlives them. It has to be read and emptied member by member, and in a Cluster its members are on other nodes than
// it. Here
//
//   - a tag's key has a TTL, prolonged to that of every value written with it, so it ends with the last of them;
//   - a missing generation makes values invalid, never valid: a tag key that is evicted, expired or lost costs reloads;
//   - generations are random and never come back, so no restart or FLUSHALL makes an old value valid again;
//   - a value costs 14 bytes and the name per tag, and no other bookkeeping;
//   - keys need not share a slot, and nothing needs EVAL, from Redis 7.0 on.
//
// The memory of an invalidated value is freed at its TTL, or when it is overwritten.
//
// Reads must go to primaries, as go-redis's do by default: a replica may not know of an invalidation yet. A failover that
// loses a removal, which every asynchronous replication can, brings the generation back with it.
//
// A value is stored behind a header (see Stamp), so a plain GET finds more than the value, and cannot know whether it
// is valid. Other languages can read it by the rules that are written there.
type Tags struct {
	client  redis.UniversalClient
	options TagsOptions
	eraser  eraser
	// scripted: the server is older than 7.0 and has no EXPIRE GT. It is learnt from the first refusal, and stays.
	scripted atomic.Bool
	// known remembers the tags of keys, to ask for them together with the value. It is only a guess: Get looks at the value.
	known struct {
		sync.Mutex
		tags *recent[[]string]
	}
}

// TagsOptions are what NewTags needs to know.
type TagsOptions struct {
	Prefix    string // of the keys that hold generations; "" is "lifetime:tag:"
	Region    string // label of the figures
	Remember  int    // keys whose tags are remembered, so that reading them takes one round trip; 0 is 4096
	Telemetry Telemetry
}

// maxTags bounds the tags of one value, and of one call: every one costs commands.
const maxTags = 128

// NewTags returns Tags on a client, which stays the caller's.
func NewTags(client redis.UniversalClient, options TagsOptions) *Tags {
	if options.Prefix == "" {
		options.Prefix = "lifetime:tag:"
	}
	if options.Remember <= 0 {
		options.Remember = 4096
	}
	t := &Tags{client: client, options: options}
	t.known.tags = newRecent[[]string](options.Remember, nil)
	t.eraser.client = client
	return t
}

// Invalidate makes every value with any of the tags invisible, and returns how many of the tags were in use. It takes one
// command for each slot; without a Cluster, all tags go at the same instant.
func (t *Tags) Invalidate(ctx context.Context, tags ...string) (used int64, err error) {
	if len(tags) == 0 {
		return 0, nil
	}
	tags, err = t.check(tags)
	if err != nil {
		return 0, err
	}
	ctx, end := t.options.Telemetry.span(ctx, "lifetime.Tags.Invalidate", slog.Int("lifetime.tags", len(tags)))
	defer t.observe(time.Now(), len(tags))
	keys := make([]string, len(tags))
	for i, tag := range tags {
		keys[i] = t.options.Prefix + tag
	}
	used, err = t.eraser.erase(ctx, keys)
	if err != nil {
		err = fmt.Errorf("invalidating tags: %w", err)
	}
	end(err)
	return used, err
}

// InvalidateAll makes every value that carries all of the tags together invisible, and leaves those that carry only some.
//
// The wish is noted at one of the tags, in one write, so it too has an instant. A tag keeps at most 64 such notes, and
// only for as long as its values live; beyond that, or when too many callers write the same tag's notes at once, the
// whole tag is invalidated: never too little.
func (t *Tags) InvalidateAll(ctx context.Context, tags ...string) error {
	if len(tags) == 0 {
		return nil
	}
	tags, err := t.check(tags)
	if err != nil {
		return err
	}
	if len(tags) == 1 {
		_, err := t.Invalidate(ctx, tags[0])
		return err
	}
	ctx, end := t.options.Telemetry.span(ctx, "lifetime.Tags.InvalidateAll", slog.Int("lifetime.tags", len(tags)))
	defer t.observe(time.Now(), len(tags))
	err = t.mark(ctx, tags[0], tags[1:])
	if errors.Is(err, redis.TxFailedErr) {
		_, err = t.eraser.erase(ctx, []string{t.options.Prefix + tags[0]})
	}
	if err != nil {
		err = fmt.Errorf("invalidating what has all of %d tags, the first of them %q: %w", len(tags), tags[0], err)
	}
	end(err)
	return err
}

// mark notes at a tag that values which carry the others too are invalid from now on.
func (t *Tags) mark(ctx context.Context, tag string, others []string) error {
	ctx, key := withoutPolicy(ctx), t.options.Prefix+tag
	return watched(ctx, t.client, fewTries, func(tx *redis.Tx) error {
		data, err := tx.Get(ctx, key).Bytes()
		if errors.Is(err, redis.Nil) {
			return nil // no value with this tag is valid
		}
		if err != nil {
			return err
		}
		g, err := parseGeneration(data)
		noted := err == nil && g.mark(others)
		_, err = tx.TxPipelined(ctx, func(pipe redis.Pipeliner) error {
			if noted {
				// XX, because the key may expire meanwhile, and would come back without a TTL.
				pipe.SetArgs(ctx, key, g.append(nil), redis.SetArgs{Mode: "XX", KeepTTL: true})
			} else {
				pipe.Del(ctx, key)
			}
			return nil
		})
		if errors.Is(err, redis.Nil) {
			return nil
		}
		return err
	}, key)
}

func (t *Tags) observe(begun time.Time, n int) {
	t.options.Telemetry.observe(invalidationLatency, time.Since(begun).Seconds(), t.options.Region)
	t.options.Telemetry.add(invalidationTotal, float64(n), t.options.Region)
}

// tagsOf returns the tags that a key's value had when it was seen last.
func (t *Tags) tagsOf(key string) ([]string, bool) {
	t.known.Lock()
	defer t.known.Unlock()
	return t.known.tags.get(key)
}

func (t *Tags) remember(key string, tags []string) {
	t.known.Lock()
	defer t.known.Unlock()
	t.known.tags.put(key, tags)
}

// check returns the tags in order, each once.
func (t *Tags) check(tags []string) ([]string, error) {
	if len(tags) > maxTags {
		return nil, fmt.Errorf("%d tags: at most %d can be used at once", len(tags), maxTags)
	}
	for _, tag := range tags {
		if tag == "" || len(tag) > 512 {
			return nil, fmt.Errorf("tag %.40q has %d bytes: a tag has 1 to 512", tag, len(tag))
		}
	}
	tags = slices.Clone(tags)
	slices.Sort(tags)
	return slices.Compact(tags), nil
}
