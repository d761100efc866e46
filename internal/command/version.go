package command

import "github.com/curfewkv/curfew/internal/release"

// Version is the Redis whose commands, replies and errors are kept.
const Version = release.Redis
