//go:build race

package rig

// raceEnabled: a test binary built with -race builds the server with -race too.
const raceEnabled = true
