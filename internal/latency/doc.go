// Package latency keeps what took long in the server, by the name of the event (LATENCY): "command", "fast-command",
// "expire-cycle", "eviction-cycle" and so on.
//
// A Monitor has a series of the last samples of each event, at most one a second, the longest of that second. It keeps
// what is not shorter than its threshold, and nothing without one. Reports on the series are text, made here; what the
// commands took in general is in their histograms, which are the dispatcher's.
package latency
