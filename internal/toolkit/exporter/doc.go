// Package exporter shows readings of servers to Prometheus: under redis_exporter's names where that has one, so that
// dashboards and rules carry over, and under names of its own for what that does not know, above all keys without TTL.
//
// A scrape is one INFO for each node, all at the same time and within a deadline. It never looks at keys; what is known
// of prefixes and clocks was found in the background, and comes with its age. Every set of labels is bounded.
package exporter
