// Package release names the version of this program, and that of Redis whose behaviour it keeps. It is apart from the server
// because tools have a version too, on systems on which the server does not run. Anyone may import it; it imports nothing.
package release

const (
	// Version is the project's own version.
	Version = "0.1.0"
	// Redis is what INFO reports as redis_version: the Redis whose behaviour is kept.
	Redis = "7.4.0"
)
