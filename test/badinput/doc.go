// Package badinput sends Curfew what no well-behaved client sends, as raw bytes: broken lengths, garbage, half-closed
// and abandoned connections, clients that do not read, ten thousand that do nothing.
//
// Where the answer is part of the protocol, redis-server gets the same bytes and must give the same answer
// (TestSameAnswer). Elsewhere the rule is that the server lives, serves the others, and gives back what the bad
// client held. No test here measures time. Everything in this package is test code.
package badinput
