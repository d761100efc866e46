// Package keycmd holds the commands that work on keys whatever they hold, and on whole databases. Those of lifetimes are
// in lifecmd.
package keycmd
