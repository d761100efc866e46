package lifetime

import (
	"strings"

	"github.com/redis/go-redis/v9"
)

// refused reports whether the server does not know a command, or does not let this user run it: ACLs, managed services
// and proxies do so. An error about a key, or from inside a script, is none of these.
func refused(err error, command string) bool {
	if err == nil {
		return false
	}
	text := strings.ToLower(err.Error())
	if !strings.Contains(text, "'"+command) && !strings.Contains(text, "`"+command) {
		return false
	}
	return strings.HasPrefix(text, "noperm") || strings.Contains(text, "unknown command") || strings.Contains(text, "unsupported command")
}

// refusesCondition reports whether the server does not know the NX, GT and LT of PEXPIRE and PEXPIREAT, which came with
// Redis 7.0.
func refusesCondition(err error) bool {
	for _, prefix := range []string{"wrong number of arguments", "syntax error", "Unsupported option"} {
		if redis.HasErrorPrefix(err, prefix) {
			return true
		}
	}
	return false
}
