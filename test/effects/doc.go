// Package effects checks that the stream of effects says all that was changed.
//
// Sessions are generated: several connections, every write command of the command table, MULTI and WATCH, keys that expire,
// eviction, flushes and exchanges of databases, a clock that is moved and stepped. The stream that comes of them is run by an
// empty node of Curfew and by a redis-server. All three must then hold the same keys, values and deadlines, to the
// millisecond.
//
// The clock of the session stands years ahead of those of the two copies, so nothing expires there by itself: what goes,
// goes because the stream says so.
//
// CURFEW_EFFECTS_SESSIONS is how many sessions are generated (default 12), CURFEW_EFFECTS_SEED the seed of the first one,
// for repeating it. Everything in this package is test code.
package effects
