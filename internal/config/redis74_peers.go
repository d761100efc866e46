package config

import "errors"

func replicationKeys(r *Registry) {
	n := NoEffect(noReplication)
	r.ReplicaOf(n, Doc("Host and port of the primary to replicate."))
	r.String("masteruser", "", Sensitive(), n, Doc("User to log in to the primary as."))
	r.String("masterauth", "", Sensitive(), n, Doc("Password for the primary."))
	r.Bool("replica-serve-stale-data", true, Alias("slave-serve-stale-data"), n, Doc("Serve clients while the primary is away."))
	r.Bool("replica-read-only", true, Alias("slave-read-only"), n, Doc("Refuse writes on a replica."))
	r.Bool("replica-ignore-maxmemory", true, Alias("slave-ignore-maxmemory"), n, Doc("Leave eviction to the primary."))
	r.Bool("replica-lazy-flush", false, Alias("slave-lazy-flush"), NoEffect(alwaysLazy), Doc("Free the old data in the background before a full synchronisation."))
	r.Bool("replica-announced", true, n, Doc("Show this replica in Sentinel's answers."))
	r.Bool("replica-ignore-disk-write-errors", false, n, Doc("Replicate on when the disk fails."))
	r.String("replica-announce-ip", "", Alias("slave-announce-ip"), n, Doc("Address that is announced to the primary."))
	r.Int("replica-announce-port", 0, 0, 65535, Alias("slave-announce-port"), n, Doc("Port that is announced to the primary."))
	r.Int("replica-priority", 100, 0, maxInt, Alias("slave-priority"), n, Doc("Rank for Sentinel's choice; 0 for never."))
	r.Bool("repl-diskless-sync", true, n, Doc("Send snapshots to replicas without a file."))
	r.Int("repl-diskless-sync-delay", 5, 0, maxInt, n, Doc("Seconds to wait for more replicas before that."))
	r.Int("repl-diskless-sync-max-replicas", 0, 0, maxInt, n, Doc("Replicas that end the wait; 0 for none."))
	r.Enum("repl-diskless-load", "disabled", []string{"disabled", "on-empty-db", "swapdb"}, n, Doc("Load the primary's snapshot without a file."))
	r.Bool("repl-disable-tcp-nodelay", false, n, Doc("Save packets to replicas for a delay."))
	r.Memory("repl-backlog-size", 1<<20, 1, maxLong, Clamp(16<<10, maxLong), n, Doc("Size of the backlog for partial synchronisation."))
	r.Int("repl-backlog-ttl", 3600, 0, maxLong, n, Doc("Seconds without replicas after which the backlog is freed; 0 for never."))
	r.Int("repl-timeout", 60, 1, maxInt, n, Doc("Seconds of silence after which the link counts as lost."))
	r.Int("repl-ping-replica-period", 10, 1, maxInt, Alias("repl-ping-slave-period"), n, Doc("Seconds between pings to replicas."))
	r.Int("min-replicas-to-write", 0, 0, maxInt, Alias("min-slaves-to-write"), n, Doc("Replicas without which writes are refused."))
	r.Int("min-replicas-max-lag", 10, 0, maxInt, Alias("min-slaves-max-lag"), n, Doc("Seconds of silence up to which such a replica counts."))
	r.Enum("propagation-error-behavior", "ignore", []string{"ignore", "panic", "panic-on-replicas"}, n, Doc("What an error in a replicated command does."))
}

func clusterKeys(r *Registry) {
	n := NoEffect(noCluster)
	r.Bool("cluster-enabled", false, Immutable(), n, Doc("Run as a cluster node."))
	r.String("cluster-config-file", "nodes.conf", Immutable(), n, Doc("File of the node's own state."))
	r.Int("cluster-node-timeout", 15000, 0, maxLong, n, Doc("Milliseconds of silence after which a node counts as failing."))
	r.Int("cluster-ping-interval", 1000, 0, maxLong, Hidden(), n)
	r.Int("cluster-port", 0, 0, 65535, Immutable(), n, Doc("Port between nodes; 0 for the client port plus 10000."))
	r.Int("cluster-replica-validity-factor", 10, 0, maxInt, Alias("cluster-slave-validity-factor"), n, Doc("How old a replica's data may be for it to take over."))
	r.Bool("cluster-replica-no-failover", false, Alias("cluster-slave-no-failover"), n, Doc("Never take over by itself."))
	r.Int("cluster-migration-barrier", 1, 0, maxInt, n, Doc("Replicas that a primary keeps when others migrate."))
	r.Bool("cluster-allow-replica-migration", true, n, Doc("Let replicas move to primaries that have none."))
	r.Bool("cluster-require-full-coverage", true, n, Doc("Refuse queries while a slot has no node."))
	r.Bool("cluster-allow-reads-when-down", false, n, Doc("Serve reads while the cluster is down."))
	r.Bool("cluster-allow-pubsubshard-when-down", true, n, Doc("Serve shard channels while the cluster is down."))
	r.Memory("cluster-link-sendbuf-limit", 0, 0, maxLong, n, Doc("Largest send buffer of a link between nodes; 0 for no bound."))
	r.String("cluster-announce-ip", "", n, Doc("Address that is announced."))
	r.Int("cluster-announce-port", 0, 0, 65535, n, Doc("Port that is announced."))
	r.Int("cluster-announce-tls-port", 0, 0, 65535, n, Doc("TLS port that is announced."))
	r.Int("cluster-announce-bus-port", 0, 0, 65535, n, Doc("Port between nodes that is announced."))
	r.String("cluster-announce-hostname", "", n, Validate(hostname), Doc("Host name that is announced."))
	r.String("cluster-announce-human-nodename", "", n, Validate(nodename), Doc("Name of the node in logs."))
	r.Enum("cluster-preferred-endpoint-type", "ip", []string{"ip", "hostname", "unknown-endpoint"}, n, Doc("What clients are redirected to."))
}

func nodename(s string) error {
	if hostname(s) != nil {
		return errors.New("Announced human node name contained invalid character")
	}
	return nil
}
