// Package dispatch takes the bytes of a session through the one way of a request: parse, gates, locks, command, commit.
//
// A Worker belongs to one goroutine (an event loop, a connection's goroutine or a test) and processes the sessions of that
// goroutine. It reads the clock, asks the gates in their listed order, locks the shards of the command's keys, runs the
// command on a Ctx, lets client tracking see what was read, and unlocks. An error truncates the reply to where the
// command's reply began. MULTI, EXEC and WATCH live here because they run other commands.
//
// It does no I/O: replies are left in the session's Out.
package dispatch
