// Package sweep goes over every key of every primary once and lets a tool do one thing to each, so that a tool that changes
// keys needs to know only what to change.
//
// It keeps several keyspaces going at once, notes how far each came in a state file that a later run goes on from, begins a
// keyspace again when its server was restarted or replaced, and looks again at the slots of a Cluster that moved meanwhile:
// SCAN promises to bring every key of one server, not of one that hands keys over.
//
// It is for the tools of the toolkit. It is not for looking without changing: that asks replicas, and samples.
package sweep
