// Package sweeptest lets tests of sweeps' workers do something to the servers in the middle of a run. It judges nothing and
// starts no server. The tests of the workers use it: fix and purge.
package sweeptest
