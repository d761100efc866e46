//go:build !race

package rig

// RaceEnabled is false in a test binary built without -race.
const RaceEnabled = false
