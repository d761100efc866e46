// Package watch judges readings of servers by rules, steadily, and tells when an alarm begins and when it ends.
//
// The Engine is pure: readings and the time are arguments, events are what it returns. A Watcher feeds it, and sends the
// events to a log, to webhooks and to Prometheus. Nothing is changed on a server.
package watch
