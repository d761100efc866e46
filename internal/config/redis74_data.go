package config

import (
	"errors"
	"math"
)

func memoryKeys(r *Registry) {
	r.Int("maxmemory-samples", 5, 1, maxInt, NoEffect(noSamples), Doc("Keys that are compared to find the one to evict."))
	r.Int("maxmemory-eviction-tenacity", 10, 0, 100, NoEffect(noTenacity), Doc("How long eviction may hold up clients."))
	r.Int("active-expire-effort", 1, 1, 10, NoEffect(noSampling), Doc("Effort of removing keys that are due."))
	r.Bool("lazyfree-lazy-eviction", false, NoEffect(alwaysLazy), Doc("Free evicted keys in the background."))
	r.Bool("lazyfree-lazy-expire", false, NoEffect(alwaysLazy), Doc("Free expired keys in the background."))
	r.Bool("lazyfree-lazy-server-del", false, NoEffect(alwaysLazy), Doc("Free overwritten values in the background."))
	r.Bool("lazyfree-lazy-user-del", false, NoEffect(alwaysLazy), Doc("Make DEL behave as UNLINK."))
	r.Bool("activerehashing", true, NoEffect("the index always grows in small steps"), Doc("Rehash in the background."))
	defrag := NoEffect(noTuning)
	r.Memory("active-defrag-ignore-bytes", 100<<20, 1, maxLong, defrag, Doc("Waste below which nothing is done."))
	r.Int("active-defrag-threshold-lower", 10, 0, 1000, defrag, Doc("Percentage of waste at which it starts."))
	r.Int("active-defrag-threshold-upper", 100, 0, 1000, defrag, Doc("Percentage of waste at which effort is largest."))
	r.Int("active-defrag-cycle-min", 1, 1, 99, defrag, Doc("Smallest effort, in percent of a core."))
	r.Int("active-defrag-cycle-max", 25, 1, 99, defrag, Doc("Largest effort, in percent of a core."))
	r.Int("active-defrag-max-scan-fields", 1000, 1, maxLong, defrag, Doc("Fields that are processed at once."))
	r.Bool("jemalloc-bg-thread", true, NoEffect(noMalloc), Doc("Purge memory in a background thread."))
}

func persistenceKeys(r *Registry) {
	n := NoEffect(noPersistence)
	r.Save(n, Harmless(""), Doc("When snapshots are taken."))
	r.Bool("stop-writes-on-bgsave-error", true, n, Doc("Refuse writes after a snapshot failed."))
	r.Bool("rdbcompression", true, n, Doc("Compress strings in snapshots."))
	r.Bool("rdbchecksum", true, Immutable(), n, Doc("End snapshots with a checksum."))
	r.Enum("sanitize-dump-payload", "no", []string{"no", "yes", "clients"}, n, Doc("Check values of snapshots and RESTORE deeply."))
	r.String("dbfilename", "dump.rdb", Protected(), n, fileName("dbfilename", "filename", true), Doc("Name of the snapshot's file."))
	r.Bool("rdb-del-sync-files", false, n, Doc("Remove snapshots that replication made."))
	r.Bool("rdb-save-incremental-fsync", true, n, Doc("Sync a snapshot's file while it is written."))
	r.Int("rdb-key-save-delay", 0, math.MinInt32, maxInt, Hidden(), n)
	r.Int("key-load-delay", 0, math.MinInt32, maxInt, Hidden(), n)
	r.Int("loading-process-events-interval-bytes", 2<<20, 1024, maxInt, Hidden(), n)
	r.Bool("appendonly", false, n, Doc("Log every write to the append-only file."))
	r.String("appendfilename", "appendonly.aof", Immutable(), n, fileName("appendfilename", "filename", false), Doc("First part of the append-only files' names."))
	r.String("appenddirname", "appendonlydir", Immutable(), n, fileName("appenddirname", "dirname", false), Doc("Folder of the append-only files."))
	r.Enum("appendfsync", "everysec", []string{"everysec", "always", "no"}, n, Doc("When the append-only file is synced."))
	r.Bool("no-appendfsync-on-rewrite", false, n, Doc("Do not sync while a rewrite or snapshot runs."))
	r.Int("auto-aof-rewrite-percentage", 100, 0, maxInt, n, Doc("Growth at which the append-only file is rewritten; 0 for never."))
	r.Memory("auto-aof-rewrite-min-size", 64<<20, 0, maxLong, n, Doc("Size below which it is not rewritten."))
	r.Bool("aof-load-truncated", true, n, Doc("Load an append-only file whose end is missing."))
	r.Bool("aof-use-rdb-preamble", true, n, Doc("Begin a rewritten append-only file with a snapshot."))
	r.Bool("aof-timestamp-enabled", false, n, Doc("Note the time in the append-only file."))
	r.Bool("aof-rewrite-incremental-fsync", true, n, Doc("Sync a rewritten file while it is written."))
	r.Bool("aof-disable-auto-gc", false, Hidden(), n)
}

// encodings are the sizes at which a collection changes its encoding.
func encodingsKeys(r *Registry) {
	n := NoEffect(unowned)
	r.Int("hash-max-listpack-entries", 512, 0, maxLong, Alias("hash-max-ziplist-entries"), n, Doc("Largest hash in the compact encoding."))
	r.Memory("hash-max-listpack-value", 64, 0, maxLong, Alias("hash-max-ziplist-value"), n, Doc("Longest field or value in it."))
	r.Int("list-max-listpack-size", -2, math.MinInt32, maxInt, Alias("list-max-ziplist-size"), n, Doc("Size of a list's node: a number of elements, or -1 to -5 for 4 to 64 kb."))
	r.Int("list-compress-depth", 0, 0, maxInt, n, Doc("Nodes at each end of a list that stay uncompressed; 0 for all."))
	r.Int("set-max-intset-entries", 512, 0, maxLong, n, Doc("Largest set of integers in the compact encoding."))
	r.Int("set-max-listpack-entries", 128, 0, maxLong, n, Doc("Largest set in the compact encoding."))
	r.Int("set-max-listpack-value", 64, 0, maxLong, n, Doc("Longest member in it."))
	r.Int("zset-max-listpack-entries", 128, 0, maxLong, Alias("zset-max-ziplist-entries"), n, Doc("Largest sorted set in the compact encoding."))
	r.Memory("zset-max-listpack-value", 64, 0, maxLong, Alias("zset-max-ziplist-value"), n, Doc("Longest member in it."))
	r.Memory("hll-sparse-max-bytes", 3000, 0, maxLong, n, Doc("Largest HyperLogLog in the sparse encoding."))
	r.Memory("stream-node-max-bytes", 4096, 0, maxLong, n, Doc("Largest node of a stream; 0 for no bound."))
	r.Int("stream-node-max-entries", 100, 0, maxLong, n, Doc("Most entries in a stream's node; 0 for no bound."))
}

func tlsKeys(r *Registry) {
	n := NoEffect(noTLS)
	r.Int("tls-port", 0, 0, 65535, n, Doc("Port for TLS connections; 0 for none."))
	r.Bool("tls-cluster", false, n, Doc("Use TLS between cluster nodes."))
	r.Bool("tls-replication", false, n, Doc("Use TLS to the primary."))
	r.Enum("tls-auth-clients", "yes", []string{"no", "yes", "optional"}, n, Doc("Whether clients must have a certificate."))
	r.Bool("tls-prefer-server-ciphers", false, n, Doc("Choose by the server's order of ciphers."))
	r.Bool("tls-session-caching", true, n, Doc("Keep TLS sessions."))
	r.Int("tls-session-cache-size", 20480, 0, maxInt, n, Doc("TLS sessions kept."))
	r.Int("tls-session-cache-timeout", 300, 0, maxInt, n, Doc("Seconds that a TLS session is kept."))
	r.String("tls-cert-file", "", Volatile(), n, Doc("Certificate of the server."))
	r.String("tls-key-file", "", Volatile(), n, Doc("Private key of the certificate."))
	r.String("tls-client-cert-file", "", Volatile(), n, Doc("Certificate for outgoing connections."))
	r.String("tls-client-key-file", "", Volatile(), n, Doc("Private key of that certificate."))
	r.String("tls-dh-params-file", "", Volatile(), n, Doc("Diffie-Hellman parameters."))
	r.String("tls-ca-cert-file", "", Volatile(), n, Doc("Certificates of authorities."))
	r.String("tls-ca-cert-dir", "", Volatile(), n, Doc("Folder of certificates of authorities."))
	r.String("tls-protocols", "", n, Doc("TLS versions to accept."))
	r.String("tls-ciphers", "", n, Doc("Ciphers up to TLS 1.2."))
	r.String("tls-ciphersuites", "", n, Doc("Ciphers of TLS 1.3."))
	r.String("tls-key-file-pass", "", Sensitive(), n, Doc("Password of the private key."))
	r.String("tls-client-key-file-pass", "", Sensitive(), n, Doc("Password of the client's private key."))
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
