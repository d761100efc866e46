//go:build amd64 || arm64

package store

import "unsafe"

// prefetch asks for a cache line. It never faults and never waits.
//
//go:noescape
func prefetch(p unsafe.Pointer)
