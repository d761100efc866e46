package lifetime_test

import (
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/curfewkv/curfew/lifetime"
	"github.com/curfewkv/curfew/test/rig"
)

// A server that takes no more writes must not cost a session each time that somebody logs in.
func TestRegenerateOnAFullServerKeepsTheSession(t *testing.T) {
	server := rig.Redis(t, "--maxmemory-policy", "noeviction")
	client := redis.NewClient(&redis.Options{Addr: server.Addr})
	defer client.Close()
	sessions, err := lifetime.NewSessions[string](client, lifetime.SessionOptions{})
	if err != nil {
		t.Fatal(err)
	}
	id, err := sessions.Create(t.Context(), "cart")
	if err != nil {
		t.Fatal(err)
	}
	server.Must(t, "CONFIG", "SET", "maxmemory", "1")
	if fresh, err := sessions.Regenerate(t.Context(), id); err == nil {
		t.Error("a full server took", fresh)
	}
	if value, err := sessions.Get(t.Context(), id); value != "cart" || err != nil {
		t.Errorf("after the refusal: %q, %v", value, err)
	}
	server.Must(t, "CONFIG", "SET", "maxmemory", "0")
	fresh, err := sessions.Regenerate(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	if value, err := sessions.Get(t.Context(), fresh); value != "cart" || err != nil {
		t.Errorf("under the new id: %q, %v", value, err)
	}
	if n := client.DBSize(t.Context()).Val(); n != 1 {
		t.Errorf("%d keys", n)
	}
}
