package server

import (
	"crypto/rand"
	"encoding/hex"

	"github.com/curfewkv/curfew/internal/command"
)

// Version is what INFO reports as redis_version: the Redis whose behaviour is kept.
const Version = command.Version

// CurfewVersion is the project's own version.
const CurfewVersion = "0.1.0"

// newRunID is a random name of this run of the server, 40 hexadecimal digits as Redis's.
func newRunID() string {
	var b [20]byte
	rand.Read(b[:])
	return hex.EncodeToString(b[:])
}
