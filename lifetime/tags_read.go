package lifetime

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"
)

// Get returns a value that was written by Set; redis.Nil when there is none, or one of its tags was invalidated since.
//
// It takes one round trip when the tags of the key are remembered from an earlier call, else two.
func (t *Tags) Get(ctx context.Context, key string) ([]byte, error) {
	ctx, end := t.options.Telemetry.span(ctx, "lifetime.Tags.Get")
	values, err := t.read(ctx, []string{key}, nil)
	end(err)
	if err != nil {
		return nil, err
	}
	value, ok := values[key]
	if !ok {
		return nil, redis.Nil
	}
	return value, nil
}

// GetAll returns those of the keys' values that are there and valid. The state of each tag is read once for all of them,
// so an invalidation shows in all values of a tag or in none.
func (t *Tags) GetAll(ctx context.Context, keys ...string) (map[string][]byte, error) {
	ctx, end := t.options.Telemetry.span(ctx, "lifetime.Tags.GetAll")
	values, err := t.read(ctx, keys, nil)
	end(err)
	return values, err
}

// Fetch returns the value of a key, or loads it, and keeps it for ttl with the tags. The tags' state is taken before the
// load begins. When the value cannot be kept, it is returned with the error.
//
// It has no protection against many callers that load at once: the function Fetch of this package has.
func (t *Tags) Fetch(ctx context.Context, key string, ttl time.Duration, tags []string, load func(context.Context) ([]byte, error)) ([]byte, error) {
	if load == nil {
		return nil, fmt.Errorf("loading %q: %w", key, errNoLoad)
	}
	tags, err := t.check(tags)
	if err != nil {
		return nil, err
	}
	values, err := t.read(ctx, []string{key}, tags)
	if err != nil && !errors.Is(err, ErrNotTagged) {
		return nil, err
	}
	if value, ok := values[key]; ok {
		return value, nil
	}
	stamp, err := t.Stamp(ctx, ttl, tags...)
	if err != nil {
		return nil, err
	}
	value, err := load(ctx)
	if err != nil {
		return nil, fmt.Errorf("loading %q: %w", key, err)
	}
	return value, t.Set(ctx, key, value, ttl, stamp)
}

// read asks for the values and, in the same round trip, for the tags that they probably have; and in a second one for
// those that they turn out to have as well. All are read after the call began, so whatever was invalidated before it is seen.
func (t *Tags) read(ctx context.Context, keys, guess []string) (map[string][]byte, error) {
	asked := map[string]bool{}
	for _, tag := range guess {
		asked[tag] = true
	}
	for _, key := range keys {
		if tags, ok := t.tagsOf(key); ok {
			for _, tag := range tags {
				asked[tag] = true
			}
		}
	}
	raw, present, err := t.ask(ctx, keys, slices.Collect(maps.Keys(asked)))
	if err != nil {
		return nil, err
	}
	stamps := map[string]Stamp{}
	values := map[string][]byte{}
	var missing []string
	for key, data := range raw {
		stamp, value, err := parseStamp(data)
		if err != nil {
			return nil, fmt.Errorf("key %q: %w", key, err)
		}
		stamps[key], values[key] = stamp, value
		for _, tag := range stamp.tags {
			if !asked[tag.name] {
				asked[tag.name] = true
				missing = append(missing, tag.name)
			}
		}
		t.remember(key, stamp.names())
	}
	if len(missing) > 0 {
		_, more, err := t.ask(ctx, nil, missing)
		if err != nil {
			return nil, err
		}
		maps.Copy(present, more)
	}
	t.judge(keys, values, stamps, present)
	return values, nil
}

// judge takes the invalid ones out of values, and counts.
func (t *Tags) judge(keys []string, values map[string][]byte, stamps map[string]Stamp, present map[string]generation) {
	var hits, invalid int
	for key, stamp := range stamps {
		if stamp.valid(present) {
			hits++
		} else {
			delete(values, key)
			invalid++
		}
	}
	t.options.Telemetry.add(tagReads, float64(hits), "hit")
	t.options.Telemetry.add(tagReads, float64(invalid), "invalidated")
	t.options.Telemetry.add(tagReads, float64(max(0, len(keys)-len(stamps))), "miss")
}

// ask reads values and generations in one round trip; what is not there is left out.
func (t *Tags) ask(ctx context.Context, keys, tags []string) (map[string][]byte, map[string]generation, error) {
	raw, present := map[string][]byte{}, map[string]generation{}
	if len(keys)+len(tags) == 0 {
		return raw, present, nil
	}
	pipe := t.client.Pipeline()
	values := make([]*redis.StringCmd, len(keys))
	for i, key := range keys {
		values[i] = pipe.Get(ctx, key)
	}
	states := make([]*redis.StringCmd, len(tags))
	for i, tag := range tags {
		states[i] = pipe.Get(ctx, t.options.Prefix+tag)
	}
	_, _ = pipe.Exec(ctx) // each command has its own error
	for i, value := range values {
		data, err := value.Bytes()
		switch {
		case err == nil:
			raw[keys[i]] = data
		case !errors.Is(err, redis.Nil):
			return nil, nil, fmt.Errorf("reading %q: %w", keys[i], err)
		}
	}
	for i, state := range states {
		data, err := state.Bytes()
		if err == nil {
			var g generation
			if g, err = parseGeneration(data); err == nil {
				present[tags[i]] = g
			}
		}
		// A key that holds something else is no generation: its values are invalid.
		if err != nil && !errors.Is(err, redis.Nil) && !errors.Is(err, errNotGeneration) {
			return nil, nil, fmt.Errorf("reading the state of tag %q: %w", tags[i], err)
		}
	}
	return raw, present, nil
}
