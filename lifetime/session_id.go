package lifetime

import (
	"crypto/rand"
	"encoding/base64"
	"strconv"
	"strings"
	"time"
)

// sessionID is 32 random bytes in base64 (URL alphabet, no padding), a dot, and the session's end in Unix milliseconds in
// base 36: 52 characters that fit a cookie, a URL and a key.
type sessionID struct {
	text string
	end  time.Time
}

const sessionRandom = 32

func newSessionID(end time.Time) sessionID {
	var random [sessionRandom]byte
	_, _ = rand.Read(random[:]) // never fails, by its documentation
	end = end.Truncate(time.Millisecond)
	return sessionID{
		text: base64.RawURLEncoding.EncodeToString(random[:]) + "." + strconv.FormatInt(end.UnixMilli(), 36),
		end:  end,
	}
}

// parseSessionID takes exactly what newSessionID makes.
func parseSessionID(text string) (sessionID, bool) {
	if len(text) > 64 {
		return sessionID{}, false
	}
	random, digits, _ := strings.Cut(text, ".")
	bytes, err := base64.RawURLEncoding.Strict().DecodeString(random)
	if err != nil || len(bytes) != sessionRandom || base64.RawURLEncoding.EncodeToString(bytes) != random {
		return sessionID{}, false
	}
	ms, err := strconv.ParseInt(digits, 36, 64)
	if err != nil || ms < 0 || strconv.FormatInt(ms, 36) != digits {
		return sessionID{}, false
	}
	return sessionID{text: text, end: time.UnixMilli(ms)}, true
}
