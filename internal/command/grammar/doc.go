// Package grammar reads the syntax of a command's arguments as the Redis manual writes it and gives it a structure: what
// COMMAND DOCS replies, what the reference prints, and from what tests make arguments.
//
//	key value [NX | XX] [GET] [EX seconds | PX milliseconds | KEEPTTL]
//
//	WORD            a token: the word itself, in any case
//	word            an argument of that name; its type follows from the name
//	word:type       an argument with its type, see Type
//	[a b]           may be left out
//	<a | b>         one of the alternatives; [a | b] at most one
//	x [x ...]       once or more often, also <a | b> ...; [x ...] any number of times
//	name:<a | b>    alternatives under a name, where the one that follows from them would not do
//
// A token belongs to the arguments behind it, up to the next token or option. Neighbouring options come in any order.
//
// It is pure: strings in, values out. The subject is only what a sequence of words looks like; which keys a command
// touches, and what it does, its Spec says.
package grammar
