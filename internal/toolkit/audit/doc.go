// Package audit tells what lifetimes the keys of any Redis, Valkey or Curfew have: per prefix, how many keys, how many bytes,
// how many without a TTL, how the TTLs are spread, how long keys lie idle, and which are the biggest.
//
// It takes from INFO what costs a server nothing: how many keys there are and how many have a TTL, exactly. The rest it
// estimates from a sample of keys drawn at random, with an interval for each figure; or, asked to, it looks at every key. It
// draws with RANDOMKEY: a long SCAN of a primary leaves a wake free of expired keys in which Redis's expire cycle can get
// stuck (redis/redis issue 15411), so that expired keys pile up elsewhere.
//
// It changes nothing on a server, does not make keys look used, reads replicas where there are any, and needs neither
// CONFIG, DEBUG nor KEYS. A command that a server refuses costs its column, not the audit. It decides nothing about what it
// finds: that is for the tools that use it, and for the conditions of --fail-if.
package audit
