// Package node is everything of a server but its sockets: the keyspace and its journal, the services that act on change
// records, the table of commands, the dispatcher, the bounds on clients, and what INFO and MEMORY STATS say of all these.
//
// A Node is made from one Options, by the server and by every test rig alike, so that a step which is added to the life of
// a command or of a session is added in one place. A transport feeds it: Attach announces a session, a
// dispatch.Worker is given its bytes, Forget ends it, Tick is called about ten times a second.
//
// It opens no socket or file and reads no clock but the one it was given. The only goroutines that it starts run commands that
// take long; Close waits for them. What it has to know of the
// program that it runs in (resident memory, how to shut down) comes as Process; how bytes travel is the transport's.
package node
