// Package linear runs many connections against one Curfew server at once and checks that what they saw could have
// come from a server that runs one command after the other.
//
// TestKeysAreLinearizable records the histories of single keys (SET, GET, INCR, DEL, APPEND, and MULTI blocks of them)
// and lets porcupine search for an order that explains them. The other tests check invariants over several keys:
// MSET, MULTI and WATCH must never be seen half done.
//
// CURFEW_LINEAR_ROUNDS multiplies the work (default 1). Everything in this package is test code.
package linear
