// Package dispatch takes the bytes of a session through the one way of a request: parse, gates, locks, command, commit.
//
// A Worker belongs to one goroutine (an event loop, a runner or a test) and processes the sessions of that goroutine. It reads the clock, asks the gates in their listed order, locks the shards of the command's keys, runs the
// command on a Ctx, lets client tracking see what was read, and unlocks. An error truncates the reply to where the
// command's reply began. MULTI, EXEC and WATCH live here because they run other commands.
//
// A request that has to wait is parked: Process returns, and goes on with it when its session was woken. A command that takes
// long is carried out by a runner, on a goroutine of its own, to which the session is lent meanwhile; Close waits for these.
//
// It does no I/O: replies are left in the session's Out.
package dispatch
