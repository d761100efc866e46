package rig

import "testing"

func TestRedisCluster(t *testing.T) {
	c := RedisCluster(t, 3, 3)
	for _, key := range []string{"a", "b", "c"} { // 15495, 3300, 7365
		owner := c.Owner(t, map[string]int{"a": 15495, "b": 3300, "c": 7365}[key])
		owner.Must(t, "SET", key, "1")
	}
	from, to := c.Owner(t, 3300), c.Owner(t, 15495)
	c.BeginMigration(t, 3300, from, to)
	c.MoveKeys(t, from, to, "b")
	if reply, err := from.Do("GET", "b"); err != nil || reply.Kind != '-' || reply.Text[:3] != "ASK" {
		t.Errorf("amid the migration: %v %v", reply.Text, err)
	}
	c.EndMigration(t, 3300, to)
	if got := to.Must(t, "GET", "b").Text; got != "1" {
		t.Errorf("after the migration: %q", got)
	}
}

func TestRedisSentinel(t *testing.T) {
	w := RedisSentinel(t, 1)
	w.Primary.Must(t, "SET", "a", "1")
	w.Primary.Must(t, "WAIT", "1", "5000")
	if got := w.Failover(t).Must(t, "GET", "a").Text; got != "1" {
		t.Errorf("after the failover: %q", got)
	}
}

func TestRedisTLS(t *testing.T) {
	s := RedisTLS(t, Restricted...)
	if reply, err := s.Do("CONFIG", "GET", "save"); err != nil || reply.Kind != '-' {
		t.Errorf("CONFIG answers %q, %v", reply.Text, err)
	}
}
