// Package advise answers two questions from what a live Redis shows: which eviction policy and memory settings fit the
// keys that are there, and, prefix by prefix, whether their lifetime should come from a TTL, from invalidation, or from
// both.
//
// It weighs facts that are given to it and asks no server. Each piece of advice carries the figures that it rests on, and
// says so where they cannot decide.
package advise
