//go:build race

package rig

// Race: a test binary built with -race builds the server with -race too. Such a server needs several times the memory.
const Race = true
