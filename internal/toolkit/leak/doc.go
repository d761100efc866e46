// Package leak shows what a missing TTL does to a server, and what finds and repairs it, in less than a minute: a small
// service writes sessions without a TTL until memory runs short, the alarms fire, the keys get their TTL, and memory falls.
//
// It is a demonstration. What it uses to repair is the real tool, package fix; the server is a real one, started for it.
package leak
