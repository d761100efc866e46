// Package reading takes readings of servers: what each node of a target says of itself by INFO, all nodes at the same
// time, and which prefixes a slow sample in the background finds keys without TTL under.
//
// The exporter shows readings, the watch judges them. A reading costs each node one INFO, however many keys it has; what
// costs more, finding the topology and looking at keys, goes on beside it and is never waited for.
package reading
