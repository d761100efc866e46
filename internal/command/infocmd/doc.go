// Package infocmd holds the commands by which a server describes itself to clients: COMMAND and its subcommands, and
// LOLWUT. All that they tell follows from the command table; a command that is not in it does not exist here either.
//
// What a command's Spec says is written in the forms of Redis 7.4: entries of ten elements, key specifications, arguments
// as nested maps. Summaries and complexities are Curfew's own words.
package infocmd
