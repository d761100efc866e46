// Package sessiontest runs scripts of several connections for the tests of what concerns more than one: publish and
// subscribe, WATCH, tracking, CLIENT, MONITOR.
//
// A Server is a node, which is a server without sockets: sessions are fed with bytes, and what they are sent is
// collected, as an event loop does it, with a clock that the script moves. The same scripts run on a redis-server over
// real connections, to check what they expect. See script.go for their form.
//
// Only tests import it.
package sessiontest
