// Package eviction says which key goes when memory is short: Redis's eight policies, at the quality of the exact
// algorithms. It is pure: no keys, no locks, no clock, no randomness of its own.
//
// # How a victim is found
//
// A policy turns what an entry's header knows (idle time, access counter) into a score; the higher, the sooner it goes. The
// keyspace samples entries at random, scores them and offers them to a Pool, which keeps the best it has ever seen; the
// best of the pool are evicted, after a look whether each is still there and still as bad as it was. What was sampled
// and was good is not forgotten, so after some evictions the pool holds keys from the worst percents of all, and the hit
// ratio is that of the exact algorithm: the simulation test pins the difference. volatile-ttl needs no samples, the
// deadline index knows the nearest deadline exactly.
//
// Up to Round keys go for samples that were drawn together, and a candidate is known by the place of its entry, not by a
// copy of its key: so the cache misses of a round overlap, and few instructions are spent on samples that are not kept.
//
// # What an entry pays
//
// Five bytes: a logarithmic access counter and a stamp of the last access on the access clock (units of 4 ms, wrapping
// after 198 days). Both are kept whatever the policy, so a policy chosen at run time finds meaningful figures.
//
// # Adding a policy
//
// A policy that scores an entry by its header is one file with one value of type scorer, and a line in the table of
// policy.go. A policy that keeps queues (S3-FIFO and its kind) decides by order of insertion and promotes on access; it
// would be a second interface, next to scorer, with OnInsert(handle), OnAccess(handle), OnRemove(handle) and Victim(), one
// value for each shard, called by the keyspace transaction where it touches, writes and removes an entry. The policy's row
// then says which of the two it is; nothing else changes.
package eviction
