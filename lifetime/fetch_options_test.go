package lifetime

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/curfewkv/curfew/test/rig"
)

func TestFetchRefusesBadArguments(t *testing.T) {
	client := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1"})
	defer client.Close()
	load := func(context.Context) (string, error) { t.Error("loaded"); return "", nil }
	for _, c := range []struct {
		key     string
		ttl     time.Duration
		options CacheOptions
		want    string
	}{
		{"", time.Hour, CacheOptions{}, "the key is empty"},
		{"k", 0, CacheOptions{}, "the TTL is 0s"},
		{"k", -time.Hour, CacheOptions{}, "the TTL is -1h"},
		{"k", 1<<63 - 1, CacheOptions{}, "the TTL is 2562047h"},
		{"k", time.Hour, CacheOptions{LoadTimeout: -1}, "LoadTimeout is -1ns"},
		{"k", time.Hour, CacheOptions{LeaseTTL: time.Millisecond}, "LeaseTTL is 1ms"},
		{"k", time.Hour, CacheOptions{Jitter: Jitter{Percent: 101}}, "jitter of 101%"},
		{"k", time.Hour, CacheOptions{StaleIfError: 50 * 24 * time.Hour}, "StaleIfError is 1200h"},
	} {
		cache, err := NewCache(client, c.options)
		if err == nil {
			_, err = Fetch(t.Context(), cache, c.key, c.ttl, load)
			_ = cache.Close()
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

func TestFetchSpreadsTTLs(t *testing.T) {
	client := fetchClient(t, rig.Redis(t).Addr)
	jitter := Jitter{Percent: 50, PerKey: true, Seed: 3}
	c := watchedCache(t, client, CacheOptions{StaleIfError: time.Hour, Jitter: jitter})
	load, _ := counted()
	different := map[time.Duration]bool{}
	for _, key := range []string{"a", "b", "c", "d"} {
		_, _ = Fetch(t.Context(), c, key, time.Hour, load)
		want := jitter.TTL(time.Hour, key) + time.Hour
		different[want] = true
		if left := client.PTTL(t.Context(), key).Val(); left > want || left < want-time.Minute {
			t.Errorf("%s is stored for %v, want %v", key, left, want)
		}
	}
	if len(different) < 3 {
		t.Errorf("the TTLs are %v", different)
	}
}

type upper struct{ JSON }

func (u upper) Marshal(v any) ([]byte, error) {
	data, err := u.JSON.Marshal(v)
	return []byte(strings.ReplaceAll(string(data), "ann", "ANN")), err
}

func TestFetchGivesEachCallerAValueOfItsOwn(t *testing.T) {
	client := fetchClient(t, rig.Redis(t).Addr)
	c := watchedCache(t, client, CacheOptions{Codec: upper{}})
	type user struct{ Name string }
	load := func(context.Context) (*user, error) { return &user{Name: "ann"}, nil }
	a, err := Fetch(t.Context(), c, "user", time.Hour, load)
	if err != nil || a.Name != "ANN" {
		t.Fatalf("%v, %v: the codec was not asked", a, err)
	}
	a.Name = "changed"
	if b, _ := Fetch(t.Context(), c, "user", time.Hour, load); b == a || b.Name != "ANN" {
		t.Errorf("%+v", b)
	}
	raw := []byte{0, 1, 0xff}
	for range 2 {
		got, err := Fetch(t.Context(), c, "raw", time.Hour, func(context.Context) ([]byte, error) { return raw, nil })
		if err != nil || string(got) != "\x00\x01\xff" {
			t.Errorf("%x, %v", got, err)
		}
		got[0] = 9
	}
	if raw[0] != 0 {
		t.Error("the load's own bytes were changed through what a caller got")
	}
	var nothing *user
	if got, err := Fetch(t.Context(), c, "nil", time.Hour, func(context.Context) (*user, error) { return nil, nil }); err != nil || got != nothing {
		t.Errorf("%v, %v", got, err)
	}
}
