package rig

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Watched is a primary with replicas, and the Sentinels that watch them.
type Watched struct {
	Master    string // its name
	Primary   *Server
	Replicas  []*Server
	Sentinels []*Server
}

// RedisSentinel starts a primary, its replicas, and three Sentinels that agree by two. A primary that is gone for a second
// is replaced.
func RedisSentinel(t testing.TB, replicas int, options ...string) *Watched {
	t.Helper()
	w := &Watched{Master: "mymaster", Primary: Redis(t, options...)}
	host, port, _ := net.SplitHostPort(w.Primary.Addr)
	for range replicas {
		w.Replicas = append(w.Replicas, Redis(t, append([]string{"--replicaof", host + " " + port}, options...)...))
	}
	for _, s := range w.Replicas {
		Eventually(t, "the replica is in step", func() bool {
			reply, err := s.Do("INFO", "replication")
			return err == nil && strings.Contains(reply.Text, "master_link_status:up")
		})
	}
	for range 3 {
		w.Sentinels = append(w.Sentinels, w.sentinel(t, host, port))
	}
	for _, s := range w.Sentinels {
		Eventually(t, "the Sentinel knows everybody", func() bool {
			reply, err := s.Do("INFO", "sentinel")
			return err == nil && strings.Contains(reply.Text, fmt.Sprintf("slaves=%d,sentinels=3", replicas))
		})
	}
	return w
}

func (w *Watched) sentinel(t testing.TB, host, port string) *Server {
	t.Helper()
	s := Redis(t) // finds the binary, and a folder that is emptied with the test
	s.Stop()
	file := filepath.Join(s.dir, "sentinel.conf")
	text := fmt.Sprintf("sentinel monitor %[1]s %[2]s %[3]s 2\nsentinel down-after-milliseconds %[1]s 1000\n"+
		"sentinel failover-timeout %[1]s 5000\n", w.Master, host, port)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	s.args, s.options, s.bare = []string{file, "--sentinel"}, nil, true
	if err := s.start(); err != nil {
		t.Fatalf("the Sentinel does not start: %v", err)
	}
	return s
}

// Addrs are the addresses of the Sentinels.
func (w *Watched) Addrs() []string {
	var addrs []string
	for _, s := range w.Sentinels {
		addrs = append(addrs, s.Addr)
	}
	return addrs
}

// Failover kills the primary and waits until the Sentinels have put a replica in its place, which is returned.
func (w *Watched) Failover(t testing.TB) *Server {
	t.Helper()
	w.Primary.Kill()
	var promoted *Server
	Eventually(t, "a replica was promoted", func() bool {
		reply, err := w.Sentinels[0].Do("SENTINEL", "GET-MASTER-ADDR-BY-NAME", w.Master)
		if err != nil || len(reply.Items) != 2 {
			return false
		}
		addr := net.JoinHostPort(reply.Items[0].Text, reply.Items[1].Text)
		for _, s := range w.Replicas {
			role, err := s.Do("ROLE")
			if s.Addr == addr && err == nil && len(role.Items) > 0 && role.Items[0].Text == "master" {
				promoted = s
			}
		}
		return promoted != nil
	})
	return promoted
}
