package config

import (
	"errors"
	"math"
)

func (d rest) memory() {
	n := NoEffect(unowned)
	d.mem("maxmemory", 0, 0, maxLong, n, Doc("Memory above which keys are evicted; 0 for no limit."))
	d.enum("maxmemory-policy", "noeviction", []string{"volatile-lru", "volatile-lfu", "volatile-random", "volatile-ttl",
		"allkeys-lru", "allkeys-lfu", "allkeys-random", "noeviction"}, n, Doc("Which key is evicted."))
	d.int("maxmemory-samples", 5, 1, maxInt, n, Doc("Keys that are compared to find the one to evict."))
	d.int("maxmemory-eviction-tenacity", 10, 0, 100, n, Doc("How long eviction may hold up clients."))
	d.int("lfu-log-factor", 10, 0, maxInt, n, Doc("How slowly the frequency counter saturates."))
	d.int("lfu-decay-time", 1, 0, maxInt, n, Doc("Minutes in which the frequency counter loses one."))
	d.int("active-expire-effort", 1, 1, 10, n, Doc("Effort of removing keys that are due."))
	d.bool("lazyfree-lazy-eviction", false, n, Doc("Free evicted keys in the background."))
	d.bool("lazyfree-lazy-expire", false, n, Doc("Free expired keys in the background."))
	d.bool("lazyfree-lazy-server-del", false, n, Doc("Free overwritten values in the background."))
	d.bool("lazyfree-lazy-user-del", false, n, Doc("Make DEL behave as UNLINK."))
	d.bool("lazyfree-lazy-user-flush", false, n, Doc("Make FLUSHDB, FLUSHALL and SCRIPT FLUSH asynchronous by default."))
	d.bool("activerehashing", true, NoEffect("the index always grows in small steps"), Doc("Rehash in the background."))
	defrag := NoEffect(noDefrag)
	d.bool("activedefrag", false, defrag, Doc("Defragment memory."))
	d.mem("active-defrag-ignore-bytes", 100<<20, 1, maxLong, defrag, Doc("Waste below which nothing is done."))
	d.int("active-defrag-threshold-lower", 10, 0, 1000, defrag, Doc("Percentage of waste at which it starts."))
	d.int("active-defrag-threshold-upper", 100, 0, 1000, defrag, Doc("Percentage of waste at which effort is largest."))
	d.int("active-defrag-cycle-min", 1, 1, 99, defrag, Doc("Smallest effort, in percent of a core."))
	d.int("active-defrag-cycle-max", 25, 1, 99, defrag, Doc("Largest effort, in percent of a core."))
	d.int("active-defrag-max-scan-fields", 1000, 1, maxLong, defrag, Doc("Fields that are processed at once."))
	d.bool("jemalloc-bg-thread", true, NoEffect(noMalloc), Doc("Purge memory in a background thread."))
}

func (d rest) persistence() {
	n := NoEffect(noPersistence)
	special(d, "save", d.r.Save, n, Doc("When snapshots are taken."))
	d.bool("stop-writes-on-bgsave-error", true, n, Doc("Refuse writes after a snapshot failed."))
	d.bool("rdbcompression", true, n, Doc("Compress strings in snapshots."))
	d.bool("rdbchecksum", true, Immutable(), n, Doc("End snapshots with a checksum."))
	d.enum("sanitize-dump-payload", "no", []string{"no", "yes", "clients"}, n, Doc("Check values of snapshots and RESTORE deeply."))
	d.str("dbfilename", "dump.rdb", Protected(), n, fileName("dbfilename", "filename", true), Doc("Name of the snapshot's file."))
	d.bool("rdb-del-sync-files", false, n, Doc("Remove snapshots that replication made."))
	d.bool("rdb-save-incremental-fsync", true, n, Doc("Sync a snapshot's file while it is written."))
	d.int("rdb-key-save-delay", 0, math.MinInt32, maxInt, Hidden(), n)
	d.int("key-load-delay", 0, math.MinInt32, maxInt, Hidden(), n)
	d.int("loading-process-events-interval-bytes", 2<<20, 1024, maxInt, Hidden(), n)
	d.bool("appendonly", false, n, Doc("Log every write to the append-only file."))
	d.str("appendfilename", "appendonly.aof", Immutable(), n, fileName("appendfilename", "filename", false), Doc("First part of the append-only files' names."))
	d.str("appenddirname", "appendonlydir", Immutable(), n, fileName("appenddirname", "dirname", false), Doc("Folder of the append-only files."))
	d.enum("appendfsync", "everysec", []string{"everysec", "always", "no"}, n, Doc("When the append-only file is synced."))
	d.bool("no-appendfsync-on-rewrite", false, n, Doc("Do not sync while a rewrite or snapshot runs."))
	d.int("auto-aof-rewrite-percentage", 100, 0, maxInt, n, Doc("Growth at which the append-only file is rewritten; 0 for never."))
	d.mem("auto-aof-rewrite-min-size", 64<<20, 0, maxLong, n, Doc("Size below which it is not rewritten."))
	d.bool("aof-load-truncated", true, n, Doc("Load an append-only file whose end is missing."))
	d.bool("aof-use-rdb-preamble", true, n, Doc("Begin a rewritten append-only file with a snapshot."))
	d.bool("aof-timestamp-enabled", false, n, Doc("Note the time in the append-only file."))
	d.bool("aof-rewrite-incremental-fsync", true, n, Doc("Sync a rewritten file while it is written."))
	d.bool("aof-disable-auto-gc", false, n, Doc("Keep append-only files that are no longer needed."))
}

// encodings are the sizes at which a collection changes its encoding.
func (d rest) encodings() {
	n := NoEffect(unowned)
	d.int("hash-max-listpack-entries", 512, 0, maxLong, Alias("hash-max-ziplist-entries"), n, Doc("Largest hash in the compact encoding."))
	d.mem("hash-max-listpack-value", 64, 0, maxLong, Alias("hash-max-ziplist-value"), n, Doc("Longest field or value in it."))
	d.int("list-max-listpack-size", -2, math.MinInt32, maxInt, Alias("list-max-ziplist-size"), n, Doc("Size of a list's node: a number of elements, or -1 to -5 for 4 to 64 kb."))
	d.int("list-compress-depth", 0, 0, maxInt, n, Doc("Nodes at each end of a list that stay uncompressed; 0 for all."))
	d.int("set-max-intset-entries", 512, 0, maxLong, n, Doc("Largest set of integers in the compact encoding."))
	d.int("set-max-listpack-entries", 128, 0, maxLong, n, Doc("Largest set in the compact encoding."))
	d.int("set-max-listpack-value", 64, 0, maxLong, n, Doc("Longest member in it."))
	d.int("zset-max-listpack-entries", 128, 0, maxLong, Alias("zset-max-ziplist-entries"), n, Doc("Largest sorted set in the compact encoding."))
	d.mem("zset-max-listpack-value", 64, 0, maxLong, Alias("zset-max-ziplist-value"), n, Doc("Longest member in it."))
	d.mem("hll-sparse-max-bytes", 3000, 0, maxLong, n, Doc("Largest HyperLogLog in the sparse encoding."))
	d.mem("stream-node-max-bytes", 4096, 0, maxLong, n, Doc("Largest node of a stream; 0 for no bound."))
	d.int("stream-node-max-entries", 100, 0, maxLong, n, Doc("Most entries in a stream's node; 0 for no bound."))
}

func (d rest) tls() {
	n := NoEffect(noTLS)
	d.int("tls-port", 0, 0, 65535, n, Doc("Port for TLS connections; 0 for none."))
	d.bool("tls-cluster", false, n, Doc("Use TLS between cluster nodes."))
	d.bool("tls-replication", false, n, Doc("Use TLS to the primary."))
	d.enum("tls-auth-clients", "yes", []string{"no", "yes", "optional"}, n, Doc("Whether clients must have a certificate."))
	d.bool("tls-prefer-server-ciphers", false, n, Doc("Choose by the server's order of ciphers."))
	d.bool("tls-session-caching", true, n, Doc("Keep TLS sessions."))
	d.int("tls-session-cache-size", 20480, 0, maxInt, n, Doc("TLS sessions kept."))
	d.int("tls-session-cache-timeout", 300, 0, maxInt, n, Doc("Seconds that a TLS session is kept."))
	d.str("tls-cert-file", "", Volatile(), n, Doc("Certificate of the server."))
	d.str("tls-key-file", "", Volatile(), n, Doc("Private key of the certificate."))
	d.str("tls-client-cert-file", "", Volatile(), n, Doc("Certificate for outgoing connections."))
	d.str("tls-client-key-file", "", Volatile(), n, Doc("Private key of that certificate."))
	d.str("tls-dh-params-file", "", Volatile(), n, Doc("Diffie-Hellman parameters."))
	d.str("tls-ca-cert-file", "", Volatile(), n, Doc("Certificates of authorities."))
	d.str("tls-ca-cert-dir", "", Volatile(), n, Doc("Folder of certificates of authorities."))
	d.str("tls-protocols", "", n, Doc("TLS versions to accept."))
	d.str("tls-ciphers", "", n, Doc("Ciphers up to TLS 1.2."))
	d.str("tls-ciphersuites", "", n, Doc("Ciphers of TLS 1.3."))
	d.str("tls-key-file-pass", "", Sensitive(), n, Doc("Password of the private key."))
	d.str("tls-client-key-file-pass", "", Sensitive(), n, Doc("Password of the client's private key."))
}

// hostname is the check of an announced host name.
func hostname(s string) error {
	if len(s) >= 256 {
		return errors.New("Hostnames must be less than 256 characters")
	}
	for i := 0; i < len(s); i++ {
		c := s[i]
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '.') {
			return errors.New("Hostnames may only contain alphanumeric characters, hyphens or dots")
		}
	}
	return nil
}
