package config

import "errors"

func (d rest) replication() {
	n := NoEffect(noReplication)
	special(d, "replicaof", d.r.ReplicaOf, n, Doc("Host and port of the primary to replicate."))
	d.str("masteruser", "", Sensitive(), n, Doc("User to log in to the primary as."))
	d.str("masterauth", "", Sensitive(), n, Doc("Password for the primary."))
	d.bool("replica-serve-stale-data", true, Alias("slave-serve-stale-data"), n, Doc("Serve clients while the primary is away."))
	d.bool("replica-read-only", true, Alias("slave-read-only"), n, Doc("Refuse writes on a replica."))
	d.bool("replica-ignore-maxmemory", true, Alias("slave-ignore-maxmemory"), n, Doc("Leave eviction to the primary."))
	d.bool("replica-lazy-flush", false, Alias("slave-lazy-flush"), n, Doc("Free the old data in the background before a full synchronisation."))
	d.bool("replica-announced", true, n, Doc("Show this replica in Sentinel's answers."))
	d.bool("replica-ignore-disk-write-errors", false, n, Doc("Replicate on when the disk fails."))
	d.str("replica-announce-ip", "", Alias("slave-announce-ip"), n, Doc("Address that is announced to the primary."))
	d.int("replica-announce-port", 0, 0, 65535, Alias("slave-announce-port"), n, Doc("Port that is announced to the primary."))
	d.int("replica-priority", 100, 0, maxInt, Alias("slave-priority"), n, Doc("Rank for Sentinel's choice; 0 for never."))
	d.bool("repl-diskless-sync", true, n, Doc("Send snapshots to replicas without a file."))
	d.int("repl-diskless-sync-delay", 5, 0, maxInt, n, Doc("Seconds to wait for more replicas before that."))
	d.int("repl-diskless-sync-max-replicas", 0, 0, maxInt, n, Doc("Replicas that end the wait; 0 for none."))
	d.enum("repl-diskless-load", "disabled", []string{"disabled", "on-empty-db", "swapdb"}, n, Doc("Load the primary's snapshot without a file."))
	d.bool("repl-disable-tcp-nodelay", false, n, Doc("Save packets to replicas for a delay."))
	d.mem("repl-backlog-size", 1<<20, 1, maxLong, Clamp(16<<10, maxLong), n, Doc("Size of the backlog for partial synchronisation."))
	d.int("repl-backlog-ttl", 3600, 0, maxLong, n, Doc("Seconds without replicas after which the backlog is freed; 0 for never."))
	d.int("repl-timeout", 60, 1, maxInt, n, Doc("Seconds of silence after which the link counts as lost."))
	d.int("repl-ping-replica-period", 10, 1, maxInt, Alias("repl-ping-slave-period"), n, Doc("Seconds between pings to replicas."))
	d.int("min-replicas-to-write", 0, 0, maxInt, Alias("min-slaves-to-write"), n, Doc("Replicas without which writes are refused."))
	d.int("min-replicas-max-lag", 10, 0, maxInt, Alias("min-slaves-max-lag"), n, Doc("Seconds of silence up to which such a replica counts."))
	d.enum("propagation-error-behavior", "ignore", []string{"ignore", "panic", "panic-on-replicas"}, n, Doc("What an error in a replicated command does."))
}

func (d rest) cluster() {
	n := NoEffect(noCluster)
	d.bool("cluster-enabled", false, Immutable(), n, Doc("Run as a cluster node."))
	d.str("cluster-config-file", "nodes.conf", Immutable(), n, Doc("File of the node's own state."))
	d.int("cluster-node-timeout", 15000, 0, maxLong, n, Doc("Milliseconds of silence after which a node counts as failing."))
	d.int("cluster-ping-interval", 1000, 0, maxLong, Hidden(), n)
	d.int("cluster-port", 0, 0, 65535, Immutable(), n, Doc("Port between nodes; 0 for the client port plus 10000."))
	d.int("cluster-replica-validity-factor", 10, 0, maxInt, Alias("cluster-slave-validity-factor"), n, Doc("How old a replica's data may be for it to take over."))
	d.bool("cluster-replica-no-failover", false, Alias("cluster-slave-no-failover"), n, Doc("Never take over by itself."))
	d.int("cluster-migration-barrier", 1, 0, maxInt, n, Doc("Replicas that a primary keeps when others migrate."))
	d.bool("cluster-allow-replica-migration", true, n, Doc("Let replicas move to primaries that have none."))
	d.bool("cluster-require-full-coverage", true, n, Doc("Refuse queries while a slot has no node."))
	d.bool("cluster-allow-reads-when-down", false, n, Doc("Serve reads while the cluster is down."))
	d.bool("cluster-allow-pubsubshard-when-down", true, n, Doc("Serve shard channels while the cluster is down."))
	d.mem("cluster-link-sendbuf-limit", 0, 0, maxLong, n, Doc("Largest send buffer of a link between nodes; 0 for no bound."))
	d.str("cluster-announce-ip", "", n, Doc("Address that is announced."))
	d.int("cluster-announce-port", 0, 0, 65535, n, Doc("Port that is announced."))
	d.int("cluster-announce-tls-port", 0, 0, 65535, n, Doc("TLS port that is announced."))
	d.int("cluster-announce-bus-port", 0, 0, 65535, n, Doc("Port between nodes that is announced."))
	d.str("cluster-announce-hostname", "", n, Validate(hostname), Doc("Host name that is announced."))
	d.str("cluster-announce-human-nodename", "", n, Validate(nodename), Doc("Name of the node in logs."))
	d.enum("cluster-preferred-endpoint-type", "ip", []string{"ip", "hostname", "unknown-endpoint"}, n, Doc("What clients are redirected to."))
}

func nodename(s string) error {
	if hostname(s) != nil {
		return errors.New("Announced human node name contained invalid character")
	}
	return nil
}
