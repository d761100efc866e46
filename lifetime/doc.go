// Package lifetime cares for how long cached data lives, in any Redis, Valkey or Curfew that go-redis v9 can talk to:
// standalone, with Sentinel, or as a Cluster.
//
// It has one part for each way in which lifetimes go wrong:
//
//   - keys that never end: WithDefaultTTL gives every key that a program creates a TTL, by prefix;
//   - keys that end together: Jitter, and Fetch's early refresh;
//   - clocks that disagree: Anchor, ExpireAt, ClockSkew;
//   - many callers that load one value: Fetch;
//   - sessions that never end, or end too early: Sessions, and its HTTP middleware;
//   - data that changed before its TTL ended: Invalidator, Relay, Tags, NearCache;
//   - work that outlives its lock: Locker;
//   - limits that are forgotten or never reset: RateLimit.
//
// Everything takes a context, follows a Cluster's slots, and reports where Telemetry says so; packages lifetimeotel and
// lifetimeprom take that to OpenTelemetry and Prometheus. What starts a goroutine has a Close, which waits for it.
//
// A context's end stops what waits here: for another caller's load, for a lock, for a pause. It reaches a command that is
// under way only if the client has ContextTimeoutEnabled; else go-redis's ReadTimeout and MaxRetries bound that.
//
// It is not a client and not an object mapper: commands are go-redis's own.
package lifetime
