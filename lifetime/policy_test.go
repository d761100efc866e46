package lifetime

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"pgregory.net/rapid"

	"github.com/curfewkv/curfew/test/rig"
)

func TestTheRuleWithTheLongestPrefixCounts(t *testing.T) {
	policy := policyFor(t, PolicyOptions{Exempt: []string{"*:config"}},
		Rule{Match: "*"},
		Rule{Match: "session:*"},
		Rule{Match: "session:admin:*", Exempt: []string{"session:admin:root", "session:admin:r??t"}},
		Rule{Match: "user:*:cart"},
		Rule{Match: `odd\*:*`},
		Rule{Match: "session:[ab]*"},
	)
	for key, want := range map[string]string{
		"x": "*", "session:9": "session:*", "session:": "session:*", "session:admin:1": "session:admin:*",
		"session:admin:root": "", "session:admin:rxxt": "", "user:7:cart": "user:*:cart", "user:7:name": "*",
		"odd*:1": `odd\*:*`, "oddx:1": "*", "session:config": "", "session:a1": "session:[ab]*", "": "*",
	} {
		rule, ok := policy.Rule(key)
		if rule.Match != want || ok != (want != "") {
			t.Errorf("%q falls under %q, want %q", key, rule.Match, want)
		}
	}
}

func TestBadRulesAreRefused(t *testing.T) {
	for want, rule := range map[string]Rule{
		`rule "": no pattern`:              {},
		"Apply needs a Default":            {Match: "*", Mode: Apply},
		"unknown mode Mode(7)":             {Match: "*", Mode: 7},
		"Default -1s is less than 1ms":     {Match: "*", Default: -time.Second},
		"Max 1µs is less than 1ms":         {Match: "*", Max: time.Microsecond},
		"Min 2s is more than Max 1s":       {Match: "*", Min: 2 * time.Second, Max: time.Second},
		"Default 1h0m0s is out of its own": {Match: "*", Default: time.Hour, Max: time.Minute},
		"Default 1s is out of its own":     {Match: "*", Default: time.Second, Min: time.Minute},
		"jitter of 101%: want 0 to 100":    {Match: "*", Jitter: Jitter{Percent: 101}},
	} {
		if _, err := NewPolicy(PolicyOptions{}, rule); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: got %v, want %q", rule, err, want)
		}
	}
	if _, err := NewPolicy(PolicyOptions{}, Rule{Match: "a*"}, Rule{Match: "a*"}); err == nil || !strings.Contains(err.Error(), "there are two") {
		t.Errorf("the same pattern twice: %v", err)
	}
}

func TestPatternsMatchAsInRedis(t *testing.T) {
	client := clientOf(t, rig.Redis(t).Addr, 0)
	ctx := t.Context()
	rapid.Check(t, func(t *rapid.T) {
		key := rapid.StringOfN(rapid.SampledFrom([]rune(`ab-]\*:`)), 0, 6, -1).Draw(t, "key")
		pattern := rapid.StringOfN(rapid.SampledFrom([]rune(`ab-]\*:[?^`)), 1, 8, -1).Draw(t, "pattern")
		if strings.HasSuffix(pattern, `\`) || strings.Count(pattern, "[") > strings.Count(pattern, "]") {
			t.Skip("Redis reads past the end here")
		}
		client.FlushDB(ctx)
		if err := client.Set(ctx, key, "v", 0).Err(); err != nil {
			t.Fatal(err)
		}
		found, err := client.Keys(ctx, pattern).Result()
		if err != nil {
			t.Fatal(err)
		}
		if got, want := matches(pattern, key), len(found) == 1; got != want {
			t.Fatalf("matches(%q, %q) = %v, Redis says %v", pattern, key, got, want)
		}
		if matches(pattern, key) && !strings.HasPrefix(key, literalPrefix(pattern)) {
			t.Fatalf("%q matches %q, and does not begin with %q", key, pattern, literalPrefix(pattern))
		}
	})
}

// watchedClient is a client under the rules, and what they report.
func watchedClient(t testing.TB, addr string, metrics Metrics, rules ...Rule) (*redis.Client, *[]Violation) {
	seen := &[]Violation{}
	policy := policyFor(t, PolicyOptions{
		Telemetry:   Telemetry{Metrics: metrics},
		OnViolation: func(_ context.Context, v Violation) { *seen = append(*seen, v) },
	}, rules...)
	client := clientOf(t, addr, 0)
	client.AddHook(WithDefaultTTL(policy))
	return client, seen
}

// reported takes what was reported since the last call, as "command key action".
func reported(seen *[]Violation) string {
	var all []string
	for _, v := range *seen {
		all = append(all, fmt.Sprintf("%s %s %s", v.Command, v.Key, v.Action))
	}
	*seen = nil
	return strings.Join(all, ", ")
}

func TestWarnChangesNothingAndMissesNothing(t *testing.T) {
	metrics := NewRecorder()
	client, seen := watchedClient(t, rig.Redis(t).Addr, metrics, Rule{Match: "s:*", Default: time.Hour, Max: 24 * time.Hour})
	ctx := t.Context()
	client.Set(ctx, "s:ttl", "v", time.Hour)
	for _, c := range []struct {
		what string
		do   func() error
		want string
	}{
		{"SET", func() error { return client.Set(ctx, "s:1", "v", 0).Err() }, "set s:1 warned"},
		{"SETNX that loses", func() error { return client.SetNX(ctx, "s:ttl", "v", 0).Err() }, ""},
		{"SETNX that wins", func() error { return client.SetNX(ctx, "s:2", "v", 0).Err() }, "set s:2 warned"},
		{"SETNX itself", func() error { return client.Do(ctx, "SETNX", "s:6", "v").Err() }, "setnx s:6 warned"},
		{"a key with a TTL", func() error { return client.Append(ctx, "s:ttl", "v").Err() }, ""},
		{"KEEPTTL with a TTL", func() error { return client.Set(ctx, "s:ttl", "v", redis.KeepTTL).Err() }, ""},
		{"KEEPTTL without", func() error { return client.Set(ctx, "s:3", "v", redis.KeepTTL).Err() }, "set s:3 warned"},
		{"HSET", func() error { return client.HSet(ctx, "s:h", "f", "v").Err() }, "hset s:h warned"},
		{"another prefix", func() error { return client.HSet(ctx, "h", "f", "v").Err() }, ""},
		{"too long", func() error { return client.Set(ctx, "s:4", "v", 25*time.Hour).Err() }, "set s:4 warned"},
		{"PERSIST", func() error { return client.Persist(ctx, "s:4").Err() }, "persist s:4 warned"},
		{"HSET and EXPIRE in a pipeline", func() error {
			_, err := client.Pipelined(ctx, func(p redis.Pipeliner) error {
				p.HSet(ctx, "s:h", "f", "v")
				p.Expire(ctx, "s:h", time.Hour)
				return nil
			})
			return err
		}, ""},
		{"a script", func() error { return client.Eval(ctx, "redis.call('set', KEYS[1], 'v')", []string{"s:5"}).Err() }, "eval s:5 script"},
		{"a script that sets a TTL", func() error {
			return client.Eval(ctx, "redis.call('set', KEYS[1], 'v', 'EX', 9)", []string{"s:5"}).Err()
		}, ""},
	} {
		if err := c.do(); err != nil && !errors.Is(err, redis.Nil) {
			t.Errorf("%s: %v", c.what, err)
		}
		if got := reported(seen); got != c.want {
			t.Errorf("%s is reported as %q, want %q", c.what, got, c.want)
		}
	}
	for key, want := range map[string]bool{"s:1": false, "s:2": false, "s:3": false, "s:4": false, "s:ttl": true} {
		if got := client.TTL(ctx, key).Val() > 0; got != want {
			t.Errorf("%s has a TTL: %v, want %v", key, got, want)
		}
	}
	if n := metrics.Value("lifetime_ttl_total", "s:*", "warned"); n != 7 {
		t.Errorf("%v are counted as warned", n)
	}
	if n := metrics.Value("lifetime_ttl_total", "s:*", "script"); n != 1 {
		t.Errorf("%v are counted as of scripts", n)
	}
}

func TestRejectSendsNothing(t *testing.T) {
	client, seen := watchedClient(t, rig.Redis(t).Addr, nil,
		Rule{Match: "session:*", Mode: Reject, Min: time.Minute, Max: 24 * time.Hour, Exempt: []string{"session:durable"}})
	ctx := t.Context()
	for name, c := range map[string]struct {
		do   func() error
		want string
	}{
		"SET": {func() error { return client.Set(ctx, "session:9", "v", 0).Err() },
			"lifetime: TTLREQUIRED key 'session:9' needs an expiration (policy session:*)"},
		"too long": {func() error { return client.Set(ctx, "session:9", "v", 48*time.Hour).Err() },
			"lifetime: TTLRANGE key 'session:9' would live 48h0m0s, at most 24h0m0s is allowed (policy session:*)"},
		"too short": {func() error { return client.Expire(ctx, "session:9", time.Second).Err() },
			"lifetime: TTLRANGE key 'session:9' would live 1s, at least 1m0s is required (policy session:*)"},
		"PERSIST": {func() error { return client.Persist(ctx, "session:9").Err() },
			"lifetime: TTLREQUIRED key 'session:9' needs an expiration (policy session:*)"},
		"KEEPTTL, which may create": {func() error { return client.Set(ctx, "session:9", "v", redis.KeepTTL).Err() },
			"lifetime: TTLREQUIRED key 'session:9' needs an expiration (policy session:*)"},
		"in a pipeline": {func() error {
			cmds, err := client.Pipelined(ctx, func(p redis.Pipeliner) error {
				p.Set(ctx, "innocent", "v", 0)
				p.HSet(ctx, "session:9", "f", "v")
				return nil
			})
			if cmds[0].Err() == nil {
				t.Error("the innocent command of a refused pipeline has no error")
			}
			return err
		}, "lifetime: TTLREQUIRED key 'session:9' needs an expiration (policy session:*)"},
		"expired earlier, and then overwritten": {func() error {
			_, err := client.TxPipelined(ctx, func(p redis.Pipeliner) error {
				p.Expire(ctx, "session:9", time.Hour)
				p.Set(ctx, "session:9", "v", 0)
				return nil
			})
			return err
		}, "lifetime: TTLREQUIRED key 'session:9' needs an expiration (policy session:*)"},
		"renamed from elsewhere": {func() error { return client.Rename(ctx, "tmp", "session:9").Err() },
			"lifetime: TTLREQUIRED key 'session:9' needs an expiration (policy session:*)"},
	} {
		err := c.do()
		var violation *ViolationError
		if !errors.As(err, &violation) || err.Error() != c.want || violation.Key != "session:9" || violation.Action != Rejected {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if n := client.DBSize(ctx).Val(); n != 0 {
		t.Errorf("%d keys were written", n)
	}
	if got := strings.Count(reported(seen), "rejected"); got != 8 {
		t.Errorf("%d were reported", got)
	}
	for name, do := range map[string]func() error{
		"a TTL":   func() error { return client.Set(ctx, "session:9", "v", time.Hour).Err() },
		"exempt":  func() error { return client.Set(ctx, "session:durable", "v", 0).Err() },
		"another": func() error { return client.Set(ctx, "other", "v", 0).Err() },
		"governed too": func() error {
			if err := client.Set(ctx, "session:6", "v", time.Hour).Err(); err != nil {
				return err
			}
			return client.Rename(ctx, "session:6", "session:8").Err()
		},
		"a transaction": func() error { return setHash(ctx, client.TxPipelined) },
		"a pipeline":    func() error { return setHash(ctx, client.Pipelined) },
		"a script":      func() error { return client.Eval(ctx, "return 1", []string{"session:7"}).Err() },
		"a read":        func() error { return client.TTL(ctx, "session:9").Err() },
		"an update": func() error {
			if err := client.Set(ctx, "session:5", "v", time.Hour).Err(); err != nil {
				return err
			}
			return client.SetArgs(ctx, "session:5", "w", redis.SetArgs{Mode: "XX", KeepTTL: true}).Err()
		},
	} {
		if err := do(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func setHash(ctx context.Context, send func(context.Context, func(redis.Pipeliner) error) ([]redis.Cmder, error)) error {
	_, err := send(ctx, func(p redis.Pipeliner) error {
		p.HSet(ctx, "session:h", "f", "v")
		p.Expire(ctx, "session:h", time.Hour)
		return nil
	})
	return err
}

func TestStatedTTLsAreClamped(t *testing.T) {
	client, seen := watchedClient(t, rig.Redis(t).Addr, nil, Rule{Match: "*", Mode: Apply, Default: time.Minute, Min: 1500 * time.Millisecond, Max: time.Hour})
	ctx := t.Context()
	day := time.Now().Add(24 * time.Hour)
	for args, want := range map[string]time.Duration{
		"set k v ex 86400":                       time.Hour,
		"set k v px 1":                           1500 * time.Millisecond,
		"set k v ex 1":                           1500 * time.Millisecond,
		"set k v ex 600":                         10 * time.Minute,
		"setex k 86400 v":                        time.Hour,
		"psetex k 1 v":                           1500 * time.Millisecond,
		"getex k ex 86400":                       time.Hour,
		"expire k 86400":                         time.Hour,
		"pexpire k 10":                           1500 * time.Millisecond,
		"expire k 86400 xx":                      time.Hour,
		fmt.Sprintf("expireat k %d", day.Unix()): time.Hour,
		fmt.Sprintf("pexpireat k %d", day.UnixMilli()):      time.Hour,
		fmt.Sprintf("set k v exat %d", day.Unix()):          time.Hour,
		fmt.Sprintf("set k v pxat %d get", day.UnixMilli()): time.Hour,
		"set k v px 9223372036854775807":                    time.Hour,
	} {
		client.Set(ctx, "k", "old", time.Minute)
		*seen = nil
		var words []any
		for _, w := range strings.Fields(args) {
			words = append(words, w)
		}
		err := client.Do(ctx, words...).Err()
		got := client.PTTL(ctx, "k").Val()
		if want > 0 && (err != nil || got > want || got < want-1400*time.Millisecond) {
			t.Errorf("%s: TTL %v, %v; want %v", args, got, err, want)
		}
		clamped := want == time.Hour || want == 1500*time.Millisecond
		if rep := reported(seen); clamped != strings.HasSuffix(rep, "k clamped") {
			t.Errorf("%s is reported as %q", args, rep)
		}
	}
	// What is deleted is deleted, and what is wrong is the server's to say.
	client.Set(ctx, "k", "v", time.Minute)
	if client.Expire(ctx, "k", -time.Second); client.Exists(ctx, "k").Val() != 0 {
		t.Error("EXPIRE -1 did not delete the key")
	}
	if err := client.Do(ctx, "set", "k", "v", "ex", "0").Err(); err == nil || !strings.Contains(err.Error(), "invalid expire time") {
		t.Errorf("EX 0: %v", err)
	}
}

func TestDefaultsAreJittered(t *testing.T) {
	client, _ := watchedClient(t, rig.Redis(t).Addr, nil, Rule{Match: "*", Mode: Apply, Default: time.Hour, Jitter: Jitter{Percent: 50, PerKey: true}})
	ctx := t.Context()
	var all []time.Duration
	for i := range 20 {
		key := fmt.Sprint(i)
		client.Set(ctx, "s"+key, "v", 0)
		client.SAdd(ctx, key, "v")
		all = append(all, client.PTTL(ctx, "s"+key).Val().Round(time.Minute), client.PTTL(ctx, key).Val().Round(time.Minute))
	}
	slices.Sort(all)
	if all[0] < 30*time.Minute || all[39] > 90*time.Minute || all[39]-all[0] < 20*time.Minute {
		t.Errorf("got %v", all)
	}
}

func TestOneLineForARuleInAWhile(t *testing.T) {
	clock := newHostTime()
	var log bytes.Buffer
	policy := policyFor(t, PolicyOptions{Logger: slog.New(slog.NewTextHandler(&log, nil)), LogEvery: time.Minute, now: clock.now}, Rule{Match: "s:*"}, Rule{Match: "t:*"})
	client := clientOf(t, rig.Redis(t).Addr, 0)
	client.AddHook(WithDefaultTTL(policy))
	ctx := t.Context()
	for i := range 5 {
		client.Set(ctx, fmt.Sprint("s:", i), "v", 0)
		client.Set(ctx, fmt.Sprint("t:", i), "v", 0)
	}
	clock.pass(time.Minute)
	client.Set(ctx, "s:late", "v", 0)
	lines := strings.Split(strings.TrimSpace(log.String()), "\n")
	if len(lines) != 3 || !strings.Contains(lines[0], "key=s:0") || !strings.Contains(lines[1], "key=t:0") ||
		!strings.Contains(lines[2], "key=s:late command=set policy=s:* action=warned others=4") {
		t.Errorf("logged:\n%s", log.String())
	}
}
