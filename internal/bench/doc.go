// Package bench measures a server of this project side by side with redis-server: the figures that the project has set
// itself as goals, on one machine, in one run, both with the same configuration.
//
// A Scenario is one question, in one file, with the figures that answer it. A Suite puts the scenarios to the servers
// in turn (A B A B), each time to a freshly started one, and takes medians. A Report is what came out, for a terminal,
// as JSON and as a page of documentation.
//
// The package is a tool: it talks to servers over their port and reads /proc, and imports nothing of the server. It
// measures real time, so unlike the server's packages it reads the clock itself (clock.go).
//
// Two rules keep the figures honest. A bystander's requests are sent by a fixed schedule, whether or not earlier ones
// were answered, so that a stall shows in every request that it keeps waiting. And what is the driver's own fault (it
// woke up late) is not charged to the server.
package bench
