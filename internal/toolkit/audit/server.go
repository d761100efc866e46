package audit

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/dustin/go-humanize"

	"github.com/curfewkv/curfew/internal/toolkit/connect"
)

// describeServer asks by INFO only: managed services refuse CONFIG.
func describeServer(ctx context.Context, n *connect.Node) Server {
	s := Server{Addr: n.Addr, UsedMemory: unknown, MaxMemory: unknown, Evicted: unknown, Expired: unknown}
	for _, section := range []string{"server", "memory", "stats"} {
		text, err := n.Client.Info(ctx, section).Result()
		if err != nil {
			return s // without it there are no warnings about memory, and all else is the same
		}
		fields := connect.Fields(text)
		for name, value := range map[string]*int64{
			"used_memory": &s.UsedMemory, "maxmemory": &s.MaxMemory, "evicted_keys": &s.Evicted, "expired_keys": &s.Expired,
		} {
			if number, err := strconv.ParseInt(fields[name], 10, 64); err == nil {
				*value = number
			}
		}
		if policy := fields["maxmemory_policy"]; policy != "" {
			s.Policy = policy
		}
		for _, name := range []string{"redis_version", "valkey_version", "curfew_version"} {
			if version := fields[name]; version != "" {
				s.Version = strings.TrimSuffix(name, "_version") + " " + version
			}
		}
	}
	return s
}

// warnings says what the settings of the servers make of the keys that were found.
func warnings(r *Report) []string {
	var list []string
	noTTL, all := r.headline()
	for _, s := range r.Servers {
		used := ""
		if s.MaxMemory > 0 && s.UsedMemory >= 0 {
			used = fmt.Sprintf(" (%.0f%% of %s is used)", 100*ratio(float64(s.UsedMemory), float64(s.MaxMemory)), humanize.IBytes(uint64(s.MaxMemory)))
		}
		switch {
		case s.MaxMemory == 0:
			list = append(list, fmt.Sprintf("%s: no maxmemory: memory grows until the machine has none left, and nothing is evicted before", s.Addr))
		case s.MaxMemory < 0:
		case strings.HasPrefix(s.Policy, "volatile-") && all > 0 && noTTL >= all:
			list = append(list, fmt.Sprintf("%s: %s evicts only keys with a TTL, and there are none: writes will fail when memory is full%s", s.Addr, s.Policy, used))
		case strings.HasPrefix(s.Policy, "volatile-") && noTTL > 0:
			list = append(list, fmt.Sprintf("%s: %s never evicts keys without a TTL, which %s of %s keys are%s",
				s.Addr, s.Policy, humanize.Comma(int64(noTTL)), humanize.Comma(int64(all)), used))
		case s.Policy == "noeviction":
			list = append(list, fmt.Sprintf("%s: noeviction: writes will fail when memory is full%s", s.Addr, used))
		}
	}
	return list
}

// headline is the keys without a TTL and all keys: as the servers count them, or where INFO is refused, as they were found.
func (r *Report) headline() (noTTL, keys float64) {
	if n, ok := r.ExactNoTTL(); ok {
		return n, r.counted()
	}
	return r.Total.NoTTL.Value, r.Total.Keys.Value
}

// counted is the number of keys as the servers count them.
func (r *Report) counted() float64 {
	n := 0.0
	for _, k := range r.Keyspaces {
		n += float64(max(0, k.Keys))
	}
	return n
}

// ExactNoTTL is the number of keys without a TTL as the servers count them, in all keyspaces that were looked at; ok is
// false where INFO is refused.
func (r *Report) ExactNoTTL() (n float64, ok bool) {
	for _, k := range r.Keyspaces {
		if k.NoTTL < 0 {
			return 0, false
		}
		n += float64(k.NoTTL)
	}
	return n, len(r.Keyspaces) > 0
}
