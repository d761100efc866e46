// Command redis-suite runs the units of Redis's own Tcl test suite that concern what Curfew implements, against the
// real server binary, and compares the outcome with a list of known exceptions.
//
// It is the judge of "drop-in": the suite itself is not part of this repository (scripts/fetch-redis-suite fetches
// it), is never edited, and starts the server as if it were src/redis-server. What a test of the suite expects and
// Curfew does not do stands in exceptions.txt with its reason; everything else must pass, and an exception that
// passes is reported as stale, so the list can only shrink.
//
// The tests that a unit contains are not known from the outside: names are computed, and an error between two tests
// drops the rest of a block without a word. So the units are run against redis-server once, and what ran there (the
// reference, kept in .cache) must run here too.
//
// Nothing imports this package; `make test-redis` runs it. It knows processes, files and the suite's output, and
// nothing about Curfew's insides.
package main
