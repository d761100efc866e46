// Package lifecmd holds the commands of lifetimes: those that set when a key goes, tell it, and clear it.
//
// A relative time is armed on the timeline that expire-clock chooses, by default the monotonic one, so a step of the wall
// clock moves no TTL; an absolute time is armed on the wall clock.
package lifecmd
