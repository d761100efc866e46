//go:build race

package rig

// RaceEnabled: a test binary built with -race builds the server with -race too.
const RaceEnabled = true
