// Package conncmd holds the commands of a connection: PING, AUTH, HELLO, SELECT, RESET, QUIT, CLIENT and its subcommands,
// MONITOR, WAIT and WAITAOF.
//
// They work on sessions and on the services that know of sessions, never on keys.
package conncmd
