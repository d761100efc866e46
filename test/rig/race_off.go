//go:build !race

package rig

// Race is false in a test binary built without -race.
const Race = false
