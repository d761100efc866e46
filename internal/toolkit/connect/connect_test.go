package connect

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/curfewkv/curfew/test/rig"
)

func open(t *testing.T, o Options) *Target {
	t.Helper()
	target, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(target.Close)
	return target
}

func TestStandaloneWithAReplica(t *testing.T) {
	for name, start := range map[string]func(testing.TB, ...string) *rig.Server{"redis": rig.Redis, "curfew": rig.Curfew} {
		t.Run(name, func(t *testing.T) {
			s := start(t)
			s.Must(t, "SET", "a", "1", "EX", "1000")
			s.Must(t, "SET", "b", "1")
			target := open(t, Options{Addrs: []string{s.Addr}})
			if target.Mode != Standalone {
				t.Fatalf("mode %s", target.Mode)
			}
			spaces, err := target.Keyspaces(t.Context(), true)
			if err != nil || len(spaces) != 1 || spaces[0].Keys != 2 || spaces[0].Expires != 1 || spaces[0].Node.RunID == "" {
				t.Fatalf("%+v %v", spaces, err)
			}
		})
	}
	t.Run("replica", func(t *testing.T) {
		s := rig.Redis(t)
		r := rig.Redis(t, "--replicaof", strings.Replace(s.Addr, ":", " ", 1))
		target := open(t, Options{URL: "redis://" + s.Addr})
		rig.Eventually(t, "the replica is found", func() bool {
			spaces, err := target.Keyspaces(t.Context(), true)
			return err == nil && spaces[0].Node.Addr == r.Addr && spaces[0].Node.Replica
		})
		spaces, err := target.Keyspaces(t.Context(), false)
		if err != nil || spaces[0].Node.Addr != s.Addr {
			t.Fatalf("%+v %v", spaces, err)
		}
	})
}

func TestAllDatabases(t *testing.T) {
	s := rig.Redis(t)
	c, err := rig.Dial(s)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for _, db := range []string{"0", "3"} {
		for _, args := range [][]string{{"SELECT", db}, {"SET", "k" + db, "v"}} {
			if _, err := c.Do(args...); err != nil {
				t.Fatal(err)
			}
		}
	}
	spaces, err := open(t, Options{Addrs: []string{s.Addr}, AllDBs: true}).Keyspaces(t.Context(), false)
	if err != nil || len(spaces) != 2 || spaces[1].DB != 3 {
		t.Fatalf("%+v %v", spaces, err)
	}
	if got := spaces[1].Client.Exists(t.Context(), "k3").Val(); got != 1 {
		t.Error("the client of database 3 does not see its key")
	}
	spaces, err = open(t, Options{Addrs: []string{s.Addr}, DB: 7}).Keyspaces(t.Context(), false)
	if err != nil || len(spaces) != 1 || spaces[0].DB != 7 || spaces[0].Keys != 0 {
		t.Fatalf("an empty database: %+v %v", spaces, err)
	}
}

func TestCluster(t *testing.T) {
	c := rig.RedisCluster(t, 3, 3)
	target := open(t, Options{Addrs: c.Addrs()[1:2]})
	if target.Mode != Cluster {
		t.Fatalf("mode %s", target.Mode)
	}
	for i := range 300 {
		if err := target.Client.Set(t.Context(), fmt.Sprint("key:", i), "v", 0).Err(); err != nil {
			t.Fatal(err)
		}
	}
	for _, fromReplicas := range []bool{false, true} {
		rig.Eventually(t, "the keyspaces of the nodes are the whole", func() bool {
			spaces, err := target.Keyspaces(t.Context(), fromReplicas)
			if err != nil || len(spaces) != 3 {
				t.Fatalf("%+v %v", spaces, err)
			}
			keys := int64(0)
			for _, k := range spaces {
				keys += k.Keys
				if k.Node.Replica != fromReplicas {
					return false
				}
				key, err := k.Client.RandomKey(t.Context()).Result()
				if err != nil {
					return false
				}
				if ttl, err := k.Client.PTTL(t.Context(), key).Result(); err != nil || ttl != -1 {
					t.Fatalf("PTTL on %s (replica: %v): %v %v", k.Name(), k.Node.Replica, ttl, err)
				}
			}
			return keys == 300
		})
	}
	if _, err := Open(t.Context(), Options{Addrs: c.Addrs(), DB: 1}); err == nil {
		t.Error("database 1 of a Cluster was opened")
	}
}

func TestSentinel(t *testing.T) {
	w := rig.RedisSentinel(t, 1)
	target := open(t, Options{Addrs: append([]string{"127.0.0.1:1"}, w.Addrs()...), SentinelMaster: w.Master})
	spaces, err := target.Keyspaces(t.Context(), true)
	if err != nil || len(spaces) != 1 || spaces[0].Node.Addr != w.Replicas[0].Addr {
		t.Fatalf("%+v %v", spaces, err)
	}
	promoted := w.Failover(t)
	rig.Eventually(t, "the new primary is found", func() bool {
		nodes, err := target.Primaries(t.Context())
		return err == nil && nodes[0].Addr == promoted.Addr
	})
	rig.Eventually(t, "writes go to the new primary", func() bool {
		return target.Client.Set(t.Context(), "a", "1", 0).Err() == nil
	})
	_, err = Open(t.Context(), Options{Addrs: w.Addrs(), SentinelMaster: "other"})
	if err == nil || !strings.Contains(err.Error(), `no master is called "other"`) {
		t.Errorf("an unknown master: %v", err)
	}
	_, err = Open(t.Context(), Options{Addrs: []string{"127.0.0.1:1"}, SentinelMaster: w.Master})
	if err == nil || !strings.Contains(err.Error(), "sentinel 127.0.0.1:1: ") {
		t.Errorf("no Sentinel there: %v", err)
	}
	_, err = Open(t.Context(), Options{Addrs: []string{promoted.Addr}, SentinelMaster: w.Master})
	if err == nil || !strings.Contains(err.Error(), "not a Sentinel") {
		t.Errorf("a server taken for a Sentinel: %v", err)
	}
	if _, err = Open(t.Context(), Options{Addrs: w.Addrs()[:1]}); err == nil || !strings.Contains(err.Error(), "--sentinel-master") {
		t.Errorf("a Sentinel taken for a server: %v", err)
	}
}

func TestTLSAndUserWithoutInfo(t *testing.T) {
	s := rig.RedisTLS(t, rig.Restricted...)
	s.Must(t, "ACL", "SETUSER", "auditor", "on", ">secret", "~*", "+@read", "+ping", "+hello", "+auth")
	s.Must(t, "SET", "a", "1")
	target := open(t, Options{
		URL: "rediss://auditor@" + s.TLSAddr, Password: "secret", CACert: s.CACert, Cert: s.Cert, Key: s.Key,
	})
	spaces, err := target.Keyspaces(t.Context(), false)
	if err != nil || len(spaces) != 1 || spaces[0].Keys != 1 || spaces[0].Expires != -1 {
		t.Fatalf("%+v %v", spaces, err)
	}
	explained := map[string]string{
		"untrusted authority": "--cacert", "no TLS on a TLS port": "--tls", "TLS on a port without": "speak TLS",
	}
	for what, o := range map[string]Options{
		"TLS on a port without": {Addrs: []string{s.Addr}, TLS: true, Timeout: time.Second},
		"untrusted authority":   {URL: "rediss://" + s.TLSAddr},
		"no TLS on a TLS port":  {Addrs: []string{s.TLSAddr}, Timeout: time.Second},
		"wrong password":        {Addrs: []string{s.Addr}, User: "auditor", Password: "no"},
		"key without cert":      {Addrs: []string{s.TLSAddr}, TLS: true, Key: s.Key},
		"cert without TLS":      {Addrs: []string{s.Addr}, CACert: s.CACert},
		"both":                  {Addrs: []string{s.Addr}, URL: "redis://" + s.Addr},
		"scheme":                {URL: "http://" + s.Addr},
		"nobody there":          {Addrs: []string{"127.0.0.1:1"}},
		"two servers":           {Addrs: []string{s.Addr, s.Addr}},
		"cluster mode":          {Addrs: []string{s.Addr}, Cluster: "maybe"},
		"not a Cluster":         {Addrs: []string{s.Addr}, Cluster: "yes"},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		if target, err := Open(ctx, o); err == nil {
			target.Close()
			t.Errorf("%s: no error", what)
		} else if says := explained[what]; !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v: want it to say %s", what, err, says)
		} else {
			t.Logf("%s: %v", what, err)
		}
		cancel()
	}
}

func TestRefused(t *testing.T) {
	for text, want := range map[string]bool{
		"ERR unknown command 'CONFIG', with args beginning with: 'GET' ":    true,
		"NOPERM this user has no permissions to run the 'info' command":     true,
		"NOPERM User auditor has no permissions to run the 'info' command":  true,
		"OOM command not allowed when used memory > 'maxmemory'.":           false,
		"WRONGTYPE Operation against a key holding the wrong kind of value": false,
		"LOADING Redis is loading the dataset in memory":                    false,
		"ERR unknown subcommand 'NO-TOUCH'. Try CLIENT HELP.":               true,
	} {
		if got := Refused(fmt.Errorf("%s", text)); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}

func TestFields(t *testing.T) {
	fields := Fields("# Keyspace\r\ndb0:keys=1,expires=0\r\n\r\nrole:master\r\n")
	if len(fields) != 2 || fields["role"] != "master" || !slices.Contains([]string{"keys=1,expires=0"}, fields["db0"]) {
		t.Errorf("%q", fields)
	}
}
