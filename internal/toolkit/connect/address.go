package connect

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"

	"github.com/redis/go-redis/v9"
)

const defaultPort = "6379"

// addresses are where the servers are, and what a URL says besides.
func (o Options) addresses() (*redis.Options, []string, error) {
	switch {
	case o.URL == "" && len(o.Addrs) == 0 && (o.given("url") || o.given("addr")):
		// A variable that a script did not set must not lead to another server than the one that was meant.
		return nil, nil, errors.New("--addr or --url was given, but is empty")
	case o.URL != "" && len(o.Addrs) > 0:
		return nil, nil, errors.New("--url and --addr say the same thing: give one of them")
	case o.URL != "":
		parsed, err := parseURL(o.URL)
		if err != nil {
			return nil, nil, fmt.Errorf("--url: %w", err)
		}
		return parsed, []string{parsed.Addr}, nil
	case len(o.Addrs) == 0:
		return &redis.Options{}, []string{net.JoinHostPort("127.0.0.1", defaultPort)}, nil
	}
	addrs := slices.Clone(o.Addrs)
	for i, addr := range addrs {
		switch {
		case addr == "":
			return nil, nil, errors.New("--addr: an address is empty")
		case strings.Contains(addr, "://"):
			return nil, nil, errors.New("--addr takes host:port or a socket's path; give a URL with --url")
		case net.ParseIP(addr) != nil, !strings.Contains(addr, ":") && !strings.Contains(addr, "/"):
			addrs[i] = net.JoinHostPort(addr, defaultPort)
		}
	}
	return &redis.Options{}, addrs, nil
}

// given reports whether a flag was on the command line.
func (o Options) given(flag string) bool { return o.flags != nil && o.flags.Changed(flag) }

// parseURL reads a URL. It repeats nothing of one that may have a password in it: where that is not escaped, any part of
// the URL can be the password.
func parseURL(text string) (*redis.Options, error) {
	parsed, err := redis.ParseURL(text)
	if err == nil {
		return parsed, nil
	}
	const want = "want redis://user:password@host:port/db, rediss:// or unix:///path"
	if strings.Contains(text, "@") {
		return nil, errors.New(want + `; in a password, % / ? # [ ] and @ are written as %25 %2F %3F %23 %5B %5D and %40`)
	}
	var syntax *url.Error
	if errors.As(err, &syntax) {
		err = syntax.Err
	}
	return nil, fmt.Errorf("%s: %w", want, err)
}
