package lifetime_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/curfewkv/curfew/lifetime"
	"github.com/curfewkv/curfew/test/rig"
)

// Without a deadline, since nobody comes back who waits for a password.
func TestListenSaysWhyTheServerRefuses(t *testing.T) {
	server := rig.Redis(t, "--requirepass", "secret")
	client := redis.NewClient(&redis.Options{Addr: server.Addr})
	defer client.Close()
	var h heard
	i := lifetime.NewInvalidator(client, lifetime.InvalidatorOptions{})
	if l, err := i.Listen(context.Background(), h.listener()); err == nil {
		l.Close()
		t.Error("it listens without the password")
	} else if !strings.Contains(err.Error(), "NOAUTH") {
		t.Error(err)
	}
	if n, err := lifetime.NewNearCache(context.Background(), client, lifetime.NearOptions{}); err == nil {
		n.Close()
		t.Error("it tracks without the password")
	} else if !strings.Contains(err.Error(), "NOAUTH") {
		t.Error(err)
	}
}

// A server that is full removes keys, but keeps no positions: invalidations are what it needs most.
func TestRelayGoesOnWhileItsServerIsFull(t *testing.T) {
	source, full := rig.Redis(t), rig.Redis(t, "--maxmemory-policy", "noeviction")
	from := redis.NewClient(&redis.Options{Addr: source.Addr})
	defer from.Close()
	to := redis.NewClient(&redis.Options{Addr: full.Addr})
	defer to.Close()
	keys := numbered("k", 4)
	(&region{client: to}).fill(t, keys)
	full.Must(t, "CONFIG", "SET", "maxmemory", "1")

	writer, err := lifetime.NewRelay(lifetime.NewInvalidator(from, lifetime.InvalidatorOptions{}), lifetime.RelayOptions{Region: "us"})
	if err != nil {
		t.Fatal(err)
	}
	defer writer.Close()
	gaps, refused := 0, make(chan error, 1000)
	reader, err := lifetime.NewRelay(lifetime.NewInvalidator(to, lifetime.InvalidatorOptions{}), lifetime.RelayOptions{
		Region: "eu", Sources: map[string]redis.UniversalClient{"us": from}, Poll: 50 * time.Millisecond,
		OnGap: func(context.Context, lifetime.Gap) error { gaps++; return nil },
		OnError: func(_ string, err error) {
			select {
			case refused <- err:
			default:
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	// Its first gap, that nothing is known of the source, is behind it then.
	if err := <-refused; !strings.Contains(err.Error(), "OOM") {
		t.Error(err)
	}
	for _, key := range keys {
		if _, err := writer.Invalidate(t.Context(), key); err != nil {
			t.Fatal(err)
		}
		rig.Eventually(t, "the full server has removed "+key, func() bool { return to.Exists(t.Context(), key).Val() == 0 })
	}
	reader.Close()
	if gaps != 1 {
		t.Errorf("%d gaps", gaps)
	}
}

// A Ring's Pub/Sub is at one of its servers, and its pipelines would publish at any.
func TestListenOnARing(t *testing.T) {
	a, b := rig.Redis(t), rig.Redis(t)
	ring := redis.NewRing(&redis.RingOptions{Addrs: map[string]string{"a": a.Addr, "b": b.Addr}, HeartbeatFrequency: 50 * time.Millisecond})
	defer ring.Close()
	for _, sharded := range []bool{false, true} {
		var h heard
		i := lifetime.NewInvalidator(ring, lifetime.InvalidatorOptions{Region: "eu", Sharded: sharded})
		listening, err := i.Listen(t.Context(), h.listener())
		if err != nil {
			t.Fatal(err)
		}
		defer listening.Close()
		for _, key := range numbered("k", 10) {
			if _, err := i.Invalidate(t.Context(), key); err != nil {
				t.Fatal(err)
			}
		}
		want := "eu/" + strings.Join(numbered("k", 10), " eu/")
		rig.Eventually(t, "all is heard, once", func() bool { keys, _ := h.state(); return keys == want })
	}
	a.Kill()
	b.Kill()
	rig.Eventually(t, "the Ring knows that its servers are down", func() bool { return ring.Len() == 0 })
	var h heard
	if l, err := lifetime.NewInvalidator(ring, lifetime.InvalidatorOptions{}).Listen(t.Context(), h.listener()); err == nil {
		l.Close()
		t.Error("it listens to servers that are down")
	}
}
