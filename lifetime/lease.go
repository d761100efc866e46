package lifetime

import (
	"context"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
)

// leaseState is what became of an attempt to take the lease on a key.
type leaseState int

const (
	leaseChanged leaseState = iota // another value is there than the caller had seen
	leaseTaken                     // the caller is the one who loads
	leaseHeld                      // somebody else is
	leasePaused                    // a load failed a moment ago, and the caller has a stale value to answer with
)

// pausedMark lies in a lease's place after a failed load. It is no token: tokens are longer.
const pausedMark = "failed"

// grant is the answer to an attempt to take a lease.
type grant struct {
	state leaseState
	value []byte        // leaseChanged: the value that is there
	left  time.Duration // leaseHeld: until the lease ends if its holder is gone
}

// wish is what an attempt to take a lease is about.
type wish struct {
	key   string
	token string // of this attempt; nobody else has it
	seen  string // the head of the value that made the caller want to load, empty if there was none
	stale bool   // the caller can answer with what it has seen
}

// leases gives, for one key at a time, the right to write its value. The lease is a key of its own beside the cached
// one, with a token that only the holder knows and a TTL that frees it when the holder dies. Deleting both keys in one
// command makes every load that began before that fail to write.
//
// The idea is memcached's at Facebook: Nishtala et al., "Scaling Memcache at Facebook", NSDI 2013, section 3.2.1.
type leases struct {
	client  redis.UniversalClient
	ttl     time.Duration
	scripts scripting
}

// LeaseKey returns the name of the key that Fetch keeps beside a cached one while it is loaded. Whoever deletes cached
// keys by other means than a Cache, an Invalidator or a Relay deletes this one too, in the same command: then a value that
// was loaded before the deletion is not stored after it.
func LeaseKey(key string) string { return beside(key, "lease") }

// KEYS: value, lease. ARGV: head seen, token, lease in ms, length of a head, whether the caller has a stale value.
var takeScript = redis.NewScript(`
local head = redis.call('GETRANGE', KEYS[1], 0, ARGV[4] - 1)
if head ~= '' and head ~= ARGV[1] then
  return {0, redis.call('GET', KEYS[1])}
end
local holder = redis.call('GET', KEYS[2])
-- One's own token is there when a reply was lost and the client has sent the command again.
if holder and holder ~= ARGV[2] then
  if holder ~= 'failed' then
    return {2, redis.call('PTTL', KEYS[2])}
  end
  if ARGV[5] == '1' then
    return {3, 0}
  end
end
redis.call('SET', KEYS[2], ARGV[2], 'PX', ARGV[3])
return {1, 0}
`)

// KEYS: value, lease. ARGV: token, value, its TTL in ms (0: delete it), length of a head.
var commitScript = redis.NewScript(`
if redis.call('GET', KEYS[2]) ~= ARGV[1] then
  -- The value is there when a reply was lost and the client has sent the command again.
  local head = redis.call('GETRANGE', KEYS[1], 0, ARGV[4] - 1)
  return (head ~= '' and head == string.sub(ARGV[2], 1, ARGV[4])) and 1 or 0
end
if ARGV[3] == '0' then
  redis.call('DEL', KEYS[1])
else
  redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
end
redis.call('DEL', KEYS[2])
return 1
`)

// KEYS: lease. ARGV: token, ms for which loads pause.
var pauseScript = redis.NewScript(`
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return 0
end
redis.call('SET', KEYS[1], 'failed', 'PX', ARGV[2])
return 1
`)

// take tries to get the lease, in one round trip.
func (l *leases) take(ctx context.Context, w wish) (grant, error) {
	ctx = withoutPolicy(ctx)
	if l.scripts.refused.Load() {
		return l.takeByTransaction(ctx, w)
	}
	stale := 0
	if w.stale {
		stale = 1
	}
	reply, err := takeScript.Run(ctx, l.client, []string{w.key, LeaseKey(w.key)},
		w.seen, w.token, l.ttl.Milliseconds(), headLen, stale).Result()
	if l.scripts.off(err) {
		return l.takeByTransaction(ctx, w)
	}
	if err != nil {
		return grant{}, fmt.Errorf("take the lease on %q: %w", w.key, err)
	}
	list, ok := reply.([]any)
	if ok && len(list) == 2 {
		if value, ok := list[1].(string); ok {
			return grant{state: leaseChanged, value: []byte(value)}, nil
		}
		if n, ok := integers(reply, 2); ok {
			return grant{state: leaseState(n[0]), left: time.Duration(n[1]) * time.Millisecond}, nil
		}
	}
	return grant{}, fmt.Errorf("take the lease on %q: unexpected reply %v", w.key, reply)
}

// commit stores the value and gives the lease back, or does neither when the lease is no longer the caller's.
// A TTL of 0 deletes the value.
func (l *leases) commit(ctx context.Context, key, token string, value []byte, ttl time.Duration) (bool, error) {
	ctx = withoutPolicy(ctx)
	if l.scripts.refused.Load() {
		return l.commitByTransaction(ctx, key, token, value, ttl)
	}
	n, err := commitScript.Run(ctx, l.client, []string{key, LeaseKey(key)}, token, value, milliseconds(ttl), headLen).Int()
	if l.scripts.off(err) {
		return l.commitByTransaction(ctx, key, token, value, ttl)
	}
	if err != nil {
		return false, fmt.Errorf("store %q: %w", key, err)
	}
	return n == 1, nil
}

// renew gives the lease its whole TTL again; false: it is no longer the caller's.
func (l *leases) renew(ctx context.Context, key, token string) (bool, error) {
	kept, err := prolong(ctx, l.client, &l.scripts, LeaseKey(key), token, l.ttl)
	if err != nil {
		return false, fmt.Errorf("renew the lease on %q: %w", key, err)
	}
	return kept, nil
}

// abandon gives the lease back without a value. With a pause, callers that have a stale value do not load until it is
// over.
func (l *leases) abandon(ctx context.Context, key, token string, pause time.Duration) (err error) {
	lease := LeaseKey(key)
	if pause == 0 {
		_, err = dropOwn(ctx, l.client, &l.scripts, lease, token)
	} else {
		_, err = onOwn(ctx, l.client, &l.scripts, lease, token, pauseScript, func(pipe redis.Pipeliner) {
			pipe.Set(ctx, lease, pausedMark, pause)
		}, milliseconds(pause))
	}
	if err != nil {
		return fmt.Errorf("give the lease on %q back: %w", key, err)
	}
	return nil
}

// milliseconds rounds up: a lifetime of half a millisecond is one of a millisecond, not none.
func milliseconds(d time.Duration) int64 {
	return int64((d + time.Millisecond - 1) / time.Millisecond)
}
