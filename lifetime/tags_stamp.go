package lifetime

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// Stamp is the state of some tags at an instant. It is taken before the data that a value is made from is read, so that
// a tag which is invalidated in between makes the value invalid from the start, and not stale until its TTL:
//
//	stamp, err := tags.Stamp(ctx, time.Hour, "promo", "user:7")
//	page := render(database)
//	err = tags.Set(ctx, "page:7", page, time.Hour, stamp)
//
// Fetch does that. In Redis, a value begins with its stamp:
//
//	4 bytes   "LTv1"
//	uvarint   number of tags; each: uvarint length, name, 12 bytes of generation, uvarint number of marks seen
//
// and the rest is the value.
type Stamp struct {
	tags []stampedTag // in order of their names
}

type stampedTag struct {
	name string
	id   generationID
	seen uint64 // marks with a lower number were made before
}

const stampMagic = "LTv1"

// ErrNotTagged is returned for a key that holds something else than a value written by Tags.
var ErrNotTagged = errors.New("not a value written with tags")

// Stamp returns the present state of tags, for a value that is to live for ttl.
func (t *Tags) Stamp(ctx context.Context, ttl time.Duration, tags ...string) (Stamp, error) {
	if err := checkTTL(ttl); err != nil {
		return Stamp{}, err
	}
	tags, err := t.check(tags)
	if err != nil || len(tags) == 0 {
		return Stamp{}, err
	}
	ctx = withoutPolicy(ctx)
	pipe := t.client.Pipeline()
	life := t.prolong(ttl)
	states := make([]*redis.StringCmd, len(tags))
	for i, tag := range tags {
		g := newGeneration()
		key := t.options.Prefix + tag
		pipe.SetNX(ctx, key, g.append(nil), ttl)
		life.add(ctx, pipe, key)
		states[i] = pipe.Get(ctx, key)
	}
	_, _ = pipe.Exec(ctx) // each command has its own error
	if err := life.check(ctx); err != nil {
		return Stamp{}, err
	}
	var stamp Stamp
	for i, state := range states {
		data, err := state.Bytes()
		if errors.Is(err, redis.Nil) {
			// It was invalidated between two commands. A generation that nobody has gives a value that is not valid, which it is not.
			stamp.tags = append(stamp.tags, stampedTag{name: tags[i], id: newGeneration().id})
			continue
		}
		if err != nil {
			return Stamp{}, fmt.Errorf("reading the state of tag %q: %w", tags[i], err)
		}
		g, err := parseGeneration(data)
		if err != nil {
			return Stamp{}, fmt.Errorf("key %q of tag %q: %w", t.options.Prefix+tags[i], tags[i], err)
		}
		stamp.tags = append(stamp.tags, stampedTag{name: tags[i], id: g.id, seen: g.next})
	}
	return stamp, nil
}

func checkTTL(ttl time.Duration) error {
	if ttl < time.Millisecond {
		return fmt.Errorf("TTL %v: at least a millisecond is needed", ttl)
	}
	return nil
}

// Set writes a value with the tags of a stamp, and prolongs the life of the tags' keys to its own. A tag that was
// invalidated since the stamp was taken leaves it invalid, which is no error: it was made from old data.
func (t *Tags) Set(ctx context.Context, key string, value []byte, ttl time.Duration, stamp Stamp) error {
	if err := checkTTL(ttl); err != nil {
		return fmt.Errorf("setting %q: %w", key, err)
	}
	ctx = withoutPolicy(ctx)
	pipe := t.client.Pipeline()
	life := t.prolong(ttl)
	set := pipe.Set(ctx, key, append(stamp.append(make([]byte, 0, 64*(1+len(stamp.tags))+len(value))), value...), ttl)
	// After the value, so that the tag is never the first to end.
	for _, tag := range stamp.tags {
		life.add(ctx, pipe, t.options.Prefix+tag.name)
	}
	_, _ = pipe.Exec(ctx) // each command has its own error
	if err := errors.Join(set.Err(), life.check(ctx)); err != nil {
		return fmt.Errorf("setting %q with %d tags: %w", key, len(stamp.tags), err)
	}
	t.remember(key, stamp.names())
	return nil
}

func (s Stamp) names() []string {
	names := make([]string, len(s.tags))
	for i, tag := range s.tags {
		names[i] = tag.name
	}
	return names
}

func (s Stamp) append(to []byte) []byte {
	to = append(to, stampMagic...)
	to = binary.AppendUvarint(to, uint64(len(s.tags)))
	for _, tag := range s.tags {
		to = binary.AppendUvarint(to, uint64(len(tag.name)))
		to = append(to, tag.name...)
		to = append(to, tag.id[:]...)
		to = binary.AppendUvarint(to, tag.seen)
	}
	return to
}

// parseStamp cuts a value into its stamp and what was set.
func parseStamp(data []byte) (Stamp, []byte, error) {
	rest, ok := bytes.CutPrefix(data, []byte(stampMagic))
	if !ok {
		return Stamp{}, nil, ErrNotTagged
	}
	r := tagReader{rest: rest}
	var s Stamp
	for n := r.count(maxTags); n > 0 && !r.bad; n-- {
		tag := stampedTag{name: string(r.bytes(r.number()))}
		copy(tag.id[:], r.bytes(uint64(len(tag.id))))
		tag.seen = r.number()
		s.tags = append(s.tags, tag)
	}
	if r.bad {
		return Stamp{}, nil, ErrNotTagged
	}
	return s, r.rest, nil
}

// valid compares with the present generations. A tag without one makes the value invalid.
func (s Stamp) valid(present map[string]generation) bool {
	for _, tag := range s.tags {
		g, ok := present[tag.name]
		if !ok || g.id != tag.id || g.next < tag.seen {
			return false
		}
		for _, m := range g.marks {
			if m.number >= tag.seen && s.hasAll(m.others) {
				return false
			}
		}
	}
	return true
}

func (s Stamp) hasAll(names []string) bool {
	for _, name := range names {
		if _, ok := slices.BinarySearchFunc(s.tags, name, func(t stampedTag, name string) int { return strings.Compare(t.name, name) }); !ok {
			return false
		}
	}
	return true
}
