package lifetime_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"github.com/curfewkv/curfew/lifetime"
	"github.com/curfewkv/curfew/test/rig"
)

// heard collects what a listener is told.
type heard struct {
	every time.Duration

	mu   sync.Mutex
	keys []string
	lost []error
}

func (h *heard) listener() lifetime.Listener {
	return lifetime.Listener{
		Keys: func(region string, keys []string) {
			h.mu.Lock()
			defer h.mu.Unlock()
			for _, key := range keys {
				h.keys = append(h.keys, region+"/"+key)
			}
		},
		Lost: func(err error) {
			h.mu.Lock()
			defer h.mu.Unlock()
			h.lost = append(h.lost, err)
		},
		Every: h.every, // 0: long enough for a machine that is busy
	}
}

func (h *heard) state() (keys string, lost []error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return strings.Join(h.keys, " "), append([]error{}, h.lost...)
}

func TestInvalidateRemovesAndTells(t *testing.T) {
	tagServers(t, func(t *testing.T, client redis.UniversalClient) {
		recorder := lifetime.NewRecorder()
		i := lifetime.NewInvalidator(client, lifetime.InvalidatorOptions{
			Region: "eu", Telemetry: lifetime.Telemetry{Metrics: recorder, Tracer: recorder},
		})
		var h heard
		listening, err := i.Listen(t.Context(), h.listener())
		if err != nil {
			t.Fatal(err)
		}
		defer listening.Close()
		var keys []string
		for n := range 2500 {
			key := fmt.Sprintf("{%d}:k", n%700)
			if n >= 700 {
				key += fmt.Sprint(n, "\xff,:\r\n")
			}
			keys = append(keys, key)
		}
		pipe := client.Pipeline()
		for _, key := range keys {
			pipe.Set(t.Context(), key, "v", time.Minute)
		}
		pipe.Set(t.Context(), "kept", "v", time.Minute)
		if _, err := pipe.Exec(t.Context()); err != nil {
			t.Fatal(err)
		}
		n, err := i.Invalidate(t.Context(), append([]string{"missing"}, keys...)...)
		if n != 2500 || err != nil {
			t.Fatalf("%d, %v", n, err)
		}
		var left []*redis.IntCmd
		for _, key := range keys {
			left = append(left, pipe.Exists(t.Context(), key))
		}
		if _, err := pipe.Exec(t.Context()); err != nil {
			t.Fatal(err)
		}
		for i, cmd := range left {
			if cmd.Val() != 0 {
				t.Fatalf("%q is still there", keys[i])
			}
		}
		if client.Exists(t.Context(), "kept").Val() != 1 {
			t.Error("another key is gone")
		}
		// In a Cluster, messages go in through several nodes, and their order is not kept.
		want := strings.Split("eu/missing eu/"+strings.Join(keys, " eu/"), " ")
		slices.Sort(want)
		rig.Eventually(t, "the listener hears of all keys", func() bool {
			all, _ := h.state()
			got := strings.Split(all, " ")
			slices.Sort(got)
			return slices.Equal(got, want)
		})
		if _, lost := h.state(); len(lost) != 0 {
			t.Errorf("lost: %v", lost)
		}
		if n, err := i.Invalidate(t.Context()); n != 0 || err != nil {
			t.Errorf("no keys: %d, %v", n, err)
		}
		if n := recorder.Value("redis_invalidation_latency", "eu"); n != 1 || recorder.Series("redis_invalidation_latency") != 1 {
			t.Errorf("redis_invalidation_latency: %v", n)
		}
		if n := recorder.Value("redis_invalidation_total", "eu"); n != 2501 || recorder.Series("redis_invalidation_total") != 1 {
			t.Errorf("redis_invalidation_total: %v", n)
		}
		if ended := recorder.Spans(); len(ended) != 1 || ended[0].Name != "lifetime.Invalidate" || ended[0].Err != nil {
			t.Errorf("spans: %v", ended)
		}
	})
}

func TestInvalidateWithoutPermissionForUNLINK(t *testing.T) {
	server := rig.Redis(t)
	server.Must(t, "ACL", "SETUSER", "app", "on", ">pw", "~*", "&*", "+@all", "-unlink")
	client := redis.NewClient(&redis.Options{Addr: server.Addr, Username: "app", Password: "pw"})
	defer client.Close()
	client.Set(t.Context(), "k", "v", time.Minute)
	n, err := lifetime.NewInvalidator(client, lifetime.InvalidatorOptions{}).Invalidate(t.Context(), "k")
	if n != 1 || err != nil || client.Exists(t.Context(), "k").Val() != 0 {
		t.Errorf("%d, %v", n, err)
	}
	server.Must(t, "ACL", "SETUSER", "app", "-del")
	if _, err := lifetime.NewInvalidator(client, lifetime.InvalidatorOptions{}).Invalidate(t.Context(), "k"); err == nil || !strings.Contains(err.Error(), "NOPERM") {
		t.Errorf("without DEL: %v", err)
	}
}

func TestInvalidateWhileASlotMoves(t *testing.T) {
	cluster := rig.RedisCluster(t, 3, 0)
	client := redis.NewClusterClient(&redis.ClusterOptions{Addrs: cluster.Addrs()})
	defer client.Close()
	slot := lifetime.Slot("{moving}")
	from := cluster.Owner(t, slot)
	to := cluster.Primaries[0]
	if to == from {
		to = cluster.Primaries[1]
	}
	for _, key := range []string{"{moving}1", "{moving}2", "{moving}3", "else"} {
		if err := client.Set(t.Context(), key, "v", time.Minute).Err(); err != nil {
			t.Fatal(err)
		}
	}
	cluster.BeginMigration(t, slot, from, to)
	cluster.MoveKeys(t, from, to, "{moving}2")
	i := lifetime.NewInvalidator(client, lifetime.InvalidatorOptions{Sharded: true})
	var h heard
	listening, err := i.Listen(t.Context(), h.listener())
	if err != nil {
		t.Fatal(err)
	}
	defer listening.Close()
	n, err := i.Invalidate(t.Context(), "{moving}1", "{moving}2", "{moving}3", "else")
	if n != 4 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	rig.Eventually(t, "the sharded message is heard", func() bool {
		got, _ := h.state()
		return got == "/{moving}1 /{moving}2 /{moving}3 /else"
	})
	cluster.EndMigration(t, slot, to)
	if n := client.Exists(t.Context(), "{moving}1", "{moving}2", "{moving}3").Val(); n != 0 {
		t.Errorf("%d keys are left", n)
	}
}

// Whoever keeps copies must learn that messages were lost, however the connection ended, and hear again afterwards.
func TestListenTellsOfLostConnections(t *testing.T) {
	server := rig.Redis(t)
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	for name, end := range map[string]func(*link){
		"cut":    (*link).Cut,
		"silent": (*link).Silence,
		"killed": func(*link) { server.Must(t, "CLIENT", "KILL", "TYPE", "pubsub") },
	} {
		t.Run(name, func(t *testing.T) {
			l := newLink(t, server.Addr)
			near := redis.NewClient(&redis.Options{Addr: l.Addr})
			defer near.Close()
			far := redis.NewClient(&redis.Options{Addr: server.Addr})
			defer far.Close()
			h := heard{every: 500 * time.Millisecond}
			listening, err := lifetime.NewInvalidator(near, lifetime.InvalidatorOptions{}).Listen(t.Context(), h.listener())
			if err != nil {
				t.Fatal(err)
			}
			defer listening.Close()
			end(l)
			rig.Eventually(t, "both calls of Lost", func() bool { _, lost := h.state(); return len(lost) >= 2 })
			if _, lost := h.state(); lost[0] == nil || lost[1] != nil {
				t.Errorf("lost: %v", lost)
			}
			if _, err := lifetime.NewInvalidator(far, lifetime.InvalidatorOptions{Region: "far"}).Invalidate(t.Context(), "k"); err != nil {
				t.Fatal(err)
			}
			rig.Eventually(t, "the new connection hears", func() bool { keys, _ := h.state(); return keys == "far/k" })
			far.Publish(t.Context(), "lifetime:invalidate", "gibberish")
			rig.Eventually(t, "a message that cannot be read counts as lost", func() bool {
				_, lost := h.state()
				last := lost[len(lost)-1]
				return last != nil && strings.Contains(last.Error(), "netstrings")
			})
		})
	}
}

func TestListenNeedsAServerAndCallbacks(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	client := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1"})
	defer client.Close()
	i := lifetime.NewInvalidator(client, lifetime.InvalidatorOptions{})
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	var h heard
	if _, err := i.Listen(ctx, h.listener()); err == nil {
		t.Error("a server that is not there: no error")
	}
	if _, err := i.Listen(ctx, lifetime.Listener{}); err == nil {
		t.Error("no callbacks: no error")
	}
	if _, err := i.Invalidate(ctx, "k"); err == nil {
		t.Error("invalidating nowhere: no error")
	}
}
