// Package commandtest runs commands for their tests: in this process, against a node's keyspace with a clock that the
// test moves by hand, and, to check what the tests expect, against a redis-server.
//
// A Server does for one command what the dispatcher does (resolve, lock, run, cut the reply of a command that fails), and
// records every change record of the journal. A script is a text file of commands with the replies and events that they
// must give; see script.go for its form.
//
// Only tests import it.
package commandtest
