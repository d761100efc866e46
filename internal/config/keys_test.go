package config

import (
	"os"
	"testing"
)

// full returns a registry with keys of every kind: some that have an owner in the server, and all that have none.
func full() *Registry {
	r := New()
	doc := Doc("of an owner")
	r.Bind(doc)
	r.ClientOutputBufferLimit(doc)
	r.NotifyKeyspaceEvents(doc)
	r.LatencyTrackingInfoPercentiles(doc)
	r.MemoryOrPercent("maxmemory-clients", 0, 100, maxLong, doc)
	r.Enum("maxmemory-policy", "noeviction", []string{"allkeys-lru", "noeviction"}, doc)
	r.Int("tcp-keepalive", 300, 0, maxInt, doc)
	r.Octal("unixsocketperm", 0, 0, 0o777, Immutable(), doc)
	r.Bool("protected-mode", true, doc)
	r.Int("databases", 16, 1, maxInt, Immutable(), doc)
	r.String("requirepass", "", Sensitive(), doc)
	r.String("dir", ".", Protected(), doc)
	DeclareRedis74(r)
	r.Memory("maxmemory", 0, 0, maxLong, doc)
	return r
}

// WriteFile writes a file of a test and returns its path.
func WriteFile(t *testing.T, path, text string) string {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
