// Package rig starts real servers for tests, Curfew's binary and redis-server, and talks raw RESP with them.
//
// The codec here is written apart from package resp on purpose: it is the tests' own idea of the protocol, and keeps
// every byte of a reply, so that two servers can be compared byte by byte. It is for tests only; nothing
// of the product imports it. Time in it is the real time, because the servers are real processes.
package rig
