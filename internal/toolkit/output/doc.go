// Package output shows what a tool found: to a person at a terminal, to a pipe, or to CI.
//
// It knows how, not what: progress bars, formats and exit codes are the same for every tool.
package output
