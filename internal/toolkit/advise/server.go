package advise

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/curfewkv/curfew/internal/toolkit/connect"
)

// Servers reads the facts of all primaries as one: counts are added up, memory is that of the primary with the least room,
// which is the one to size for.
func Servers(ctx context.Context, target *connect.Target) (Server, error) {
	primaries, err := target.Primaries(ctx)
	if err != nil {
		return Server{}, err
	}
	var all Server
	for i, n := range primaries {
		s, err := readServer(ctx, n)
		if err != nil {
			return Server{}, fmt.Errorf("%s: %w", n.Addr, err)
		}
		if i == 0 {
			all = s
			continue
		}
		fullest := all
		if s.fill() > all.fill() {
			fullest = s
		}
		fullest.Keys, fullest.Expires = all.Keys+s.Keys, all.Expires+s.Expires
		fullest.Hits, fullest.Misses = all.Hits+s.Hits, all.Misses+s.Misses
		fullest.Evicted, fullest.OOMErrors = all.Evicted+s.Evicted, all.OOMErrors+s.OOMErrors
		all = fullest
	}
	return all, nil
}

// fill is how full a server is; without a limit, by what it uses.
func (s Server) fill() float64 {
	if s.MaxMemory > 0 {
		return float64(s.UsedMemory) / float64(s.MaxMemory)
	}
	return float64(s.UsedMemory)
}

func readServer(ctx context.Context, n *connect.Node) (Server, error) {
	s := Server{Addr: n.Addr, UsedMemory: -1, SystemMemory: -1}
	// INFO everything has the errors by kind; where only parts are allowed, there are fewer facts.
	text, err := n.Client.Info(ctx, "everything").Result()
	if err != nil && !connect.Refused(err) {
		return s, err
	}
	f := connect.Fields(text)
	s.Version = f["redis_version"]
	_, s.Exact = f["curfew_version"]
	for name, to := range map[string]*int64{
		"used_memory": &s.UsedMemory, "used_memory_peak": &s.PeakMemory, "total_system_memory": &s.SystemMemory,
		"maxmemory": &s.MaxMemory, "keyspace_hits": &s.Hits, "keyspace_misses": &s.Misses, "evicted_keys": &s.Evicted,
	} {
		if number, err := strconv.ParseInt(f[name], 10, 64); err == nil {
			*to = number
		}
	}
	s.Policy = f["maxmemory_policy"]
	if count, ok := strings.CutPrefix(f["errorstat_OOM"], "count="); ok {
		s.OOMErrors, _ = strconv.ParseInt(count, 10, 64) // no number: none
	}
	if rss, err := strconv.ParseFloat(f["used_memory_rss"], 64); err == nil && s.UsedMemory > 0 {
		s.Fragmentation = rss / float64(s.UsedMemory)
	}
	if seconds, err := strconv.ParseInt(f["uptime_in_seconds"], 10, 64); err == nil {
		s.Uptime = time.Duration(seconds) * time.Second
	}
	s.Replicas = len(n.Replicas)
	s.Persistence = f["aof_enabled"] == "1"
	for name, line := range f {
		if db, ok := strings.CutPrefix(name, "db"); ok && strings.Trim(db, "0123456789") == "" {
			for _, pair := range strings.Split(line, ",") {
				field, value, _ := strings.Cut(pair, "=")
				number, _ := strconv.ParseInt(value, 10, 64) // avg_ttl and others are not counted here
				switch field {
				case "keys":
					s.Keys += number
				case "expires":
					s.Expires += number
				}
			}
		}
	}
	return s, s.readConfig(ctx, n)
}

// readConfig asks for what INFO does not tell. Managed services refuse it.
func (s *Server) readConfig(ctx context.Context, n *connect.Node) error {
	settings, err := n.Client.ConfigGet(ctx, "maxmemory-samples").Result()
	if err != nil {
		if connect.Refused(err) {
			return nil
		}
		return fmt.Errorf("CONFIG GET: %w", err)
	}
	s.Samples, _ = strconv.Atoi(settings["maxmemory-samples"]) // not a number: as if refused
	if settings, err := n.Client.ConfigGet(ctx, "save").Result(); err == nil && settings["save"] != "" {
		s.Persistence = true
	}
	return nil
}
