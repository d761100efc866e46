package server

import "github.com/curfewkv/curfew/internal/command"

// Version is what INFO reports as redis_version: the Redis whose behaviour is kept.
const Version = command.Version

// CurfewVersion is the project's own version.
const CurfewVersion = "0.1.0"
