//go:build race

package rig

// RaceEnabled: a test binary built with -race builds the server with -race too, which takes several times the memory.
const RaceEnabled = true
