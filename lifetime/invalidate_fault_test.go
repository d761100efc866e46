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
