package rig

import (
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

const slots = 16384

// A Cluster is a Redis Cluster of real redis-servers: the primaries, which share the slots evenly in order, and then
// their replicas, of which primary i has the i-th, the (i+primaries)-th and so on.
type Cluster struct {
	Primaries []*Server
	Replicas  []*Server
}

// RedisCluster starts a Cluster and waits until every node says that it is complete.
func RedisCluster(t testing.TB, primaries, replicas int, options ...string) *Cluster {
	t.Helper()
	c := &Cluster{}
	for i := range primaries + replicas {
		bus, err := freePort()
		if err != nil {
			t.Fatal(err)
		}
		s := Redis(t, append([]string{
			"--cluster-enabled", "yes", "--cluster-port", strconv.Itoa(bus), "--cluster-node-timeout", "3000",
			"--cluster-config-file", "nodes.conf",
		}, options...)...)
		if i < primaries {
			c.Primaries = append(c.Primaries, s)
		} else {
			c.Replicas = append(c.Replicas, s)
		}
		// What a node is told of another is the address and the bus port.
		s.bus = bus
	}
	for i, s := range c.Primaries {
		from, to := i*slots/primaries, (i+1)*slots/primaries-1
		s.Must(t, "CLUSTER", "ADDSLOTSRANGE", strconv.Itoa(from), strconv.Itoa(to))
		s.Must(t, "CLUSTER", "SET-CONFIG-EPOCH", strconv.Itoa(i+1))
	}
	host, port, _ := net.SplitHostPort(c.Primaries[0].Addr)
	for _, s := range append(append([]*Server{}, c.Primaries[1:]...), c.Replicas...) {
		s.Must(t, "CLUSTER", "MEET", host, port, strconv.Itoa(c.Primaries[0].bus))
	}
	c.await(t, fmt.Sprintf("cluster_known_nodes:%d", primaries+replicas))
	for i, s := range c.Replicas {
		id := c.Primaries[i%primaries].Must(t, "CLUSTER", "MYID").Text
		Eventually(t, "the replica knows its primary", func() bool {
			reply, err := s.Do("CLUSTER", "REPLICATE", id)
			return err == nil && reply.Text == "OK"
		})
	}
	c.await(t, "cluster_state:ok")
	for _, s := range c.Replicas {
		Eventually(t, "the replica is in step", func() bool {
			reply, err := s.Do("INFO", "replication")
			return err == nil && strings.Contains(reply.Text, "master_link_status:up")
		})
	}
	// A primary lists a replica in CLUSTER SLOTS when gossip has told it.
	for _, s := range c.Primaries {
		Eventually(t, "the primary knows the replicas", func() bool {
			reply, err := s.Do("CLUSTER", "NODES")
			return err == nil && strings.Count(reply.Text, " slave ")+strings.Count(reply.Text, ",slave ") == replicas
		})
	}
	return c
}

func (c *Cluster) await(t testing.TB, line string) {
	t.Helper()
	for _, s := range append(append([]*Server{}, c.Primaries...), c.Replicas...) {
		Eventually(t, s.Addr+" has "+line, func() bool {
			reply, err := s.Do("CLUSTER", "INFO")
			return err == nil && strings.Contains(reply.Text, line)
		})
	}
}

// Addrs are the addresses of the primaries.
func (c *Cluster) Addrs() []string {
	var addrs []string
	for _, s := range c.Primaries {
		addrs = append(addrs, s.Addr)
	}
	return addrs
}

// Owner is the primary that serves a slot, by the nodes' own word.
func (c *Cluster) Owner(t testing.TB, slot int) *Server {
	t.Helper()
	for i, s := range c.Primaries {
		if slot >= i*slots/len(c.Primaries) && slot < (i+1)*slots/len(c.Primaries) {
			return s
		}
	}
	t.Fatalf("nobody has slot %d", slot)
	return nil
}

// BeginMigration puts a slot into the state in which it is moved: its keys are still where they were, and the nodes
// answer ASK for those that were moved.
func (c *Cluster) BeginMigration(t testing.TB, slot int, from, to *Server) {
	t.Helper()
	to.Must(t, "CLUSTER", "SETSLOT", strconv.Itoa(slot), "IMPORTING", from.Must(t, "CLUSTER", "MYID").Text)
	from.Must(t, "CLUSTER", "SETSLOT", strconv.Itoa(slot), "MIGRATING", to.Must(t, "CLUSTER", "MYID").Text)
}

// MoveKeys moves keys of a slot that is being moved, some at a time as redis-cli does: a key is nowhere for as long as its batch
// is on the way, and its TTL stands still.
func (c *Cluster) MoveKeys(t testing.TB, from, to *Server, keys ...string) {
	t.Helper()
	host, port, _ := net.SplitHostPort(to.Addr)
	for batch := range slices.Chunk(keys, 50) {
		from.Must(t, append([]string{"MIGRATE", host, port, "", "0", "5000", "KEYS"}, batch...)...)
	}
}

// EndMigration gives the slot to its new node.
func (c *Cluster) EndMigration(t testing.TB, slot int, to *Server) {
	t.Helper()
	id := to.Must(t, "CLUSTER", "MYID").Text
	to.Must(t, "CLUSTER", "SETSLOT", strconv.Itoa(slot), "NODE", id)
	for _, s := range c.Primaries {
		s.Must(t, "CLUSTER", "SETSLOT", strconv.Itoa(slot), "NODE", id)
	}
}

// Do runs one command on a connection of its own.
func (s *Server) Do(args ...string) (Reply, error) {
	c, err := Dial(s)
	if err != nil {
		return Reply{}, err
	}
	defer c.Close()
	return c.Do(args...)
}

// Must runs one command and ends the test when the answer is an error.
func (s *Server) Must(t testing.TB, args ...string) Reply {
	t.Helper()
	reply, err := s.Do(args...)
	if err != nil {
		t.Fatalf("%s: %v", strings.Join(args, " "), err)
	}
	if reply.IsError() {
		t.Fatalf("%s: %s", strings.Join(args, " "), reply.Text)
	}
	return reply
}

// Eventually polls until it holds, and ends the test when it does not within startLimit.
func Eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(startLimit); !holds(); {
		if time.Now().After(end) {
			t.Fatalf("not within %v: %s", startLimit, what)
		}
		time.Sleep(20 * time.Millisecond)
	}
}
