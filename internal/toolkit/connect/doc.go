// Package connect reaches the servers that the toolkit works on: one Redis, its replicas, a set that Sentinel watches, or
// the nodes of a Cluster.
//
// It finds the topology and gives each node a go-redis client of its own, because what walks keys must ask each node by
// itself. It changes nothing on a server, and needs no command that managed services refuse: INFO and the CLUSTER
// commands are used where they are allowed, and done without where not.
package connect
