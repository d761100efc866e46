package lifetime_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/curfewkv/curfew/lifetime"
	"github.com/curfewkv/curfew/test/rig"
)

// tagServers runs a test against every kind of server that tags are for.
func tagServers(t *testing.T, test func(t *testing.T, client redis.UniversalClient)) {
	single := func(s *rig.Server) redis.UniversalClient { return redis.NewClient(&redis.Options{Addr: s.Addr}) }
	for name, open := range map[string]func(t *testing.T) redis.UniversalClient{
		"redis":  func(t *testing.T) redis.UniversalClient { return single(rig.Redis(t)) },
		"curfew": func(t *testing.T) redis.UniversalClient { return single(rig.Curfew(t)) },
		"managed": func(t *testing.T) redis.UniversalClient {
			return single(rig.Redis(t, "--rename-command", "UNLINK", "", "--rename-command", "KEYS", "", "--rename-command", "CONFIG", ""))
		},
		"cluster": func(t *testing.T) redis.UniversalClient {
			return redis.NewClusterClient(&redis.ClusterOptions{Addrs: rig.RedisCluster(t, 3, 0).Addrs()})
		},
		"before 7.0": func(t *testing.T) redis.UniversalClient {
			client := single(rig.Redis(t))
			client.AddHook(noExpireGT{})
			return client
		},
	} {
		t.Run(name, func(t *testing.T) {
			client := open(t)
			defer client.Close()
			test(t, client)
		})
	}
}

// noExpireGT answers as Redis 6.2 does.
type noExpireGT struct{}

func (noExpireGT) DialHook(next redis.DialHook) redis.DialHook          { return next }
func (noExpireGT) ProcessHook(next redis.ProcessHook) redis.ProcessHook { return next }
func (noExpireGT) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		var taken []redis.Cmder
		for _, cmd := range cmds {
			if args := cmd.Args(); cmd.Name() == "pexpire" && args[len(args)-1] == "gt" {
				cmd.SetErr(wireError("ERR wrong number of arguments for 'pexpire' command"))
				continue
			}
			taken = append(taken, cmd)
		}
		return next(ctx, taken)
	}
}

type wireError string

func (e wireError) Error() string { return string(e) }
func (wireError) RedisError()     {}

func set(t *testing.T, tags *lifetime.Tags, key, value string, ttl time.Duration, names ...string) {
	t.Helper()
	stamp, err := tags.Stamp(t.Context(), ttl, names...)
	if err != nil {
		t.Fatal(err)
	}
	if err := tags.Set(t.Context(), key, []byte(value), ttl, stamp); err != nil {
		t.Fatal(err)
	}
}

// visible says which of the keys have a value.
func visible(t *testing.T, tags *lifetime.Tags, keys ...string) string {
	t.Helper()
	var there []string
	for _, key := range keys {
		value, err := tags.Get(t.Context(), key)
		if errors.Is(err, redis.Nil) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		there = append(there, key+"="+string(value))
	}
	return strings.Join(there, " ")
}

func TestTagsInvalidateWhatCarriesThem(t *testing.T) {
	tagServers(t, func(t *testing.T, client redis.UniversalClient) {
		tags := lifetime.NewTags(client, lifetime.TagsOptions{})
		fill := func() {
			set(t, tags, "page:1", "one", time.Minute, "promo", "user:7")
			set(t, tags, "page:2", "two", time.Minute, "promo")
			set(t, tags, "page:3", "", time.Minute, "user:7", "user:7")
			set(t, tags, "page:4", "four", time.Minute)
		}
		all := []string{"page:1", "page:2", "page:3", "page:4", "page:5"}
		expect := func(what, want string) {
			t.Helper()
			if got := visible(t, tags, all...); got != want {
				t.Errorf("%s: %s, want %s", what, got, want)
			}
			// Another process knows nothing of the keys' tags yet.
			values, err := lifetime.NewTags(client, lifetime.TagsOptions{}).GetAll(t.Context(), all...)
			if err != nil || len(values) != strings.Count(want, "=") {
				t.Errorf("%s: GetAll gives %q, %v; want %s", what, values, err, want)
			}
		}
		fill()
		expect("at first", "page:1=one page:2=two page:3= page:4=four")
		if n, err := tags.Invalidate(t.Context(), "promo", "unused"); n != 1 || err != nil {
			t.Errorf("invalidating promo: %d, %v", n, err)
		}
		expect("without promo", "page:3= page:4=four")
		fill()
		expect("refilled", "page:1=one page:2=two page:3= page:4=four")
		if err := tags.InvalidateAll(t.Context(), "user:7", "promo"); err != nil {
			t.Fatal(err)
		}
		expect("without what has both", "page:2=two page:3= page:4=four")
		set(t, tags, "page:1", "new", time.Minute, "promo", "user:7")
		expect("refilled once more", "page:1=new page:2=two page:3= page:4=four")
		if n, err := tags.Invalidate(t.Context(), "promo", "user:7"); n != 2 || err != nil {
			t.Errorf("invalidating both: %d, %v", n, err)
		}
		expect("without any", "page:4=four")
	})
}

func TestTagsRefuseWhatASlowLoaderBegan(t *testing.T) {
	tagServers(t, func(t *testing.T, client redis.UniversalClient) {
		tags := lifetime.NewTags(client, lifetime.TagsOptions{})
		for name, invalidate := range map[string]func() error{
			"any": func() error { _, err := tags.Invalidate(t.Context(), "a"); return err },
			"all": func() error { return tags.InvalidateAll(t.Context(), "a", "b") },
		} {
			key := "slow:" + name
			value, err := tags.Fetch(t.Context(), key, time.Minute, []string{"a", "b"}, func(context.Context) ([]byte, error) {
				return []byte("old"), invalidate()
			})
			if string(value) != "old" || err != nil {
				t.Errorf("%s: %q, %v", name, value, err)
			}
			if got := visible(t, tags, key); got != "" {
				t.Errorf("%s: %q is visible, and was made from data older than the invalidation", name, got)
			}
			loads := 0
			for range 3 {
				value, err = tags.Fetch(t.Context(), key, time.Minute, []string{"a", "b"}, func(context.Context) ([]byte, error) {
					loads++
					return []byte("new"), nil
				})
				if string(value) != "new" || err != nil {
					t.Errorf("%s: %q, %v", name, value, err)
				}
			}
			if loads != 1 {
				t.Errorf("%s: loaded %d times, want once", name, loads)
			}
		}
	})
}

func TestTagKeysEndWithTheLastOfTheirValues(t *testing.T) {
	tagServers(t, func(t *testing.T, client redis.UniversalClient) {
		tags := lifetime.NewTags(client, lifetime.TagsOptions{Prefix: "t:"})
		set(t, tags, "long", "v", time.Hour, "a")
		set(t, tags, "short", "v", time.Minute, "a", "b")
		for tag, want := range map[string]time.Duration{"t:a": time.Hour, "t:b": time.Minute} {
			if ttl := client.PTTL(t.Context(), tag).Val(); ttl > want || ttl < want-30*time.Second {
				t.Errorf("%s lives for %v, want %v", tag, ttl, want)
			}
		}
		// A note keeps the deadline, and makes no key where none is.
		if err := errors.Join(tags.InvalidateAll(t.Context(), "a", "b"), tags.InvalidateAll(t.Context(), "x", "y")); err != nil {
			t.Fatal(err)
		}
		if ttl := client.PTTL(t.Context(), "t:a").Val(); ttl > time.Hour || ttl < 59*time.Minute {
			t.Errorf("after a note, t:a lives for %v", ttl)
		}
		if n := client.Exists(t.Context(), "t:x").Val() + client.Exists(t.Context(), "t:y").Val(); n != 0 {
			t.Error("a note at an unused tag left a key")
		}
		// Without its generation, whatever took it, a value is invalid; and the next generation does not make it valid again.
		if err := client.Del(t.Context(), "t:a").Err(); err != nil {
			t.Fatal(err)
		}
		set(t, tags, "other", "v", time.Minute, "a")
		if got := visible(t, tags, "long", "short", "other"); got != "other=v" {
			t.Errorf("visible after the loss of a generation: %q", got)
		}
	})
}

func TestTagsWithoutRoomInvalidateTooMuchNotTooLittle(t *testing.T) {
	client := redis.NewClient(&redis.Options{Addr: rig.Redis(t).Addr})
	defer client.Close()
	tags := lifetime.NewTags(client, lifetime.TagsOptions{})
	set(t, tags, "k", "v", time.Minute, "a", "b:100")
	for i := range 60 {
		// The same note again takes the place of the old one.
		for range 3 {
			if err := tags.InvalidateAll(t.Context(), "a", fmt.Sprint("b:", i)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if got := visible(t, tags, "k"); got != "k=v" {
		t.Errorf("with room for notes: %q", got)
	}
	if n := client.StrLen(t.Context(), "lifetime:tag:a").Val(); n > 1000 {
		t.Errorf("60 notes take %d bytes", n)
	}
	for i := range 5 {
		if err := tags.InvalidateAll(t.Context(), "a", fmt.Sprint("c:", i)); err != nil {
			t.Fatal(err)
		}
	}
	if got := visible(t, tags, "k"); got != "" {
		t.Errorf("without room for notes: %q, want nothing", got)
	}
}

// An invalidation that has ended shows to every reader that begins then, also while writers are at work: every value carries
// the number of invalidations that had begun when it was stamped, and no reader may find one that is smaller than the
// number of those that had ended when the reading began.
func TestTagsAreAtomicToReaders(t *testing.T) {
	tagServers(t, func(t *testing.T, client redis.UniversalClient) {
		seed := rand.Uint64()
		t.Logf("seed %d", seed)
		var mu sync.Mutex
		begun, ended := 0, 0
		count := func(n *int) int { mu.Lock(); defer mu.Unlock(); return *n }
		raise := func(n *int) { mu.Lock(); defer mu.Unlock(); *n++ }
		keys := []string{"p:1", "p:2", "p:3", "p:4"}
		var wg sync.WaitGroup
		stop := make(chan struct{})
		fail := func(format string, args ...any) { t.Errorf(format, args...) }
		for w := range 3 {
			wg.Go(func() {
				tags := lifetime.NewTags(client, lifetime.TagsOptions{})
				random := rand.New(rand.NewPCG(seed, uint64(w)))
				for {
					select {
					case <-stop:
						return
					default:
					}
					stamp, err := tags.Stamp(t.Context(), time.Minute, "t", fmt.Sprint("other:", random.IntN(5)))
					if err == nil {
						made := fmt.Sprint(count(&begun))
						err = tags.Set(t.Context(), keys[random.IntN(len(keys))], []byte(made), time.Minute, stamp)
					}
					if err != nil {
						fail("writer: %v", err)
						return
					}
				}
			})
			wg.Go(func() {
				tags := lifetime.NewTags(client, lifetime.TagsOptions{})
				for {
					select {
					case <-stop:
						return
					default:
					}
					least := count(&ended)
					values, err := tags.GetAll(t.Context(), keys...)
					if err != nil {
						fail("reader: %v", err)
						return
					}
					for key, value := range values {
						var made int
						fmt.Sscan(string(value), &made)
						if made < least {
							fail("%s was stamped after invalidation %d had begun, and read after %d had ended", key, made, least)
							return
						}
					}
				}
			})
		}
		tags := lifetime.NewTags(client, lifetime.TagsOptions{})
		for range 300 {
			raise(&begun)
			if _, err := tags.Invalidate(t.Context(), "t"); err != nil {
				t.Error(err)
			}
			raise(&ended)
		}
		close(stop)
		wg.Wait()
	})
}

func TestTagsRefuseBadInput(t *testing.T) {
	client := redis.NewClient(&redis.Options{Addr: rig.Redis(t).Addr})
	defer client.Close()
	tags := lifetime.NewTags(client, lifetime.TagsOptions{})
	client.Set(t.Context(), "plain", "v", 0)
	client.Set(t.Context(), "cut", "LTv1\x05", 0)
	client.LPush(t.Context(), "list", "v")
	client.Set(t.Context(), "lifetime:tag:foreign", "v", 0)
	for _, key := range []string{"plain", "cut"} {
		if _, err := tags.Get(t.Context(), key); !errors.Is(err, lifetime.ErrNotTagged) {
			t.Errorf("%s: %v", key, err)
		}
	}
	if _, err := tags.Get(t.Context(), "list"); err == nil || !strings.Contains(err.Error(), "WRONGTYPE") {
		t.Errorf("a list: %v", err)
	}
	for name, tag := range map[string][]string{"empty": {""}, "long": {strings.Repeat("x", 513)}, "many": make([]string, 129), "foreign": {"foreign"}} {
		if _, err := tags.Stamp(t.Context(), time.Minute, tag...); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	for _, ttl := range []time.Duration{0, -time.Second, time.Microsecond} {
		if _, err := tags.Stamp(t.Context(), ttl, "a"); err == nil {
			t.Errorf("a stamp for %v: no error", ttl)
		}
		if err := tags.Set(t.Context(), "k", nil, ttl, lifetime.Stamp{}); err == nil {
			t.Errorf("set for %v: no error", ttl)
		}
	}
	// What stands in a tag's place is removed like a tag.
	if err := tags.InvalidateAll(t.Context(), "foreign", "zzz"); err != nil || client.Exists(t.Context(), "lifetime:tag:foreign").Val() != 0 {
		t.Errorf("a foreign value as generation: %v", err)
	}
}
