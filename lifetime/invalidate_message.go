package lifetime

import (
	"errors"
	"strconv"
	"strings"
)

// A message is a row of netstrings (https://cr.yp.to/proto/netstrings.txt): the region where the change was made, then the
// keys. They are binary safe, and read in a few lines of any language:
//
//	4:eu-1,6:user:7,11:page:/about,

var errNotNetstrings = errors.New("not a row of netstrings")

func appendNetstrings(to []byte, first string, rest []string) []byte {
	to = appendNetstring(to, first)
	for _, s := range rest {
		to = appendNetstring(to, s)
	}
	return to
}

func appendNetstring(to []byte, s string) []byte {
	to = strconv.AppendInt(to, int64(len(s)), 10)
	to = append(to, ':')
	to = append(to, s...)
	return append(to, ',')
}

// parseMessage returns the region and the keys of a message.
func parseMessage(message string) (origin string, keys []string, err error) {
	all, err := parseNetstrings(message)
	if err != nil {
		return "", nil, err
	}
	if len(all) == 0 {
		return "", nil, errNotNetstrings
	}
	return all[0], all[1:], nil
}

func parseNetstrings(text string) ([]string, error) {
	var all []string
	for text != "" {
		digits, rest, ok := strings.Cut(text, ":")
		n, err := strconv.ParseUint(digits, 10, 31)
		if !ok || err != nil || n >= uint64(len(rest)) || rest[n] != ',' {
			return nil, errNotNetstrings
		}
		all = append(all, rest[:n])
		text = rest[n+1:]
	}
	return all, nil
}
