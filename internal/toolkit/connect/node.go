package connect

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"
)

// A Node is one server process.
type Node struct {
	Addr    string
	Replica bool
	Client  *redis.Client // of the database that was asked for
	RunID   string        // changes when the server restarts; "" where INFO is refused
	// Replicas of a primary that are reachable and in step with it.
	Replicas []*Node

	target           *Target
	replicaOfCluster bool
}

// Primaries finds the primaries of now, ordered by address, each with its replicas.
func (t *Target) Primaries(ctx context.Context) ([]*Node, error) {
	var nodes []*Node
	var err error
	switch t.Mode {
	case Cluster:
		nodes, err = t.clusterNodes(ctx)
	case Sentinel:
		nodes, err = t.sentinelNodes(ctx)
	default:
		nodes, err = t.standaloneNodes(ctx)
	}
	if err != nil {
		return nil, err
	}
	for _, n := range nodes {
		n.RunID = n.infoField(ctx, "server", "run_id")
	}
	slices.SortFunc(nodes, func(a, b *Node) int { return strings.Compare(a.Addr, b.Addr) })
	return nodes, nil
}

// Reader returns the node to look at instead of this one: its first replica, or itself. A replica spares the primary, at
// the price of what replication has not brought yet.
func (n *Node) Reader() *Node {
	if len(n.Replicas) > 0 {
		return n.Replicas[0]
	}
	return n
}

// Same reports whether the process at the address is still the one that was found there, as far as it tells who it is.
func (n *Node) Same(ctx context.Context) bool {
	return n.RunID == "" || n.infoField(ctx, "server", "run_id") == n.RunID
}

// DB returns the client of another database of the node.
func (n *Node) DB(db int) *redis.Client {
	return n.target.client(n.Addr, db, n.replicaOfCluster)
}

func (t *Target) node(addr string, replica bool) *Node {
	n := &Node{Addr: addr, Replica: replica, target: t, replicaOfCluster: replica && t.Mode == Cluster}
	n.Client = n.DB(t.base.DB)
	return n
}

func (t *Target) standaloneNodes(ctx context.Context) ([]*Node, error) {
	n := t.node(t.addrs[0], false)
	text, err := n.Client.Info(ctx, "replication").Result()
	if err != nil {
		if Refused(err) {
			return []*Node{n}, nil
		}
		return nil, fmt.Errorf("%s: %w", n.Addr, err)
	}
	fields := Fields(text)
	n.Replica = fields["role"] == "slave"
	for i := 0; ; i++ {
		line, ok := fields["slave"+strconv.Itoa(i)]
		if !ok {
			return []*Node{n}, nil
		}
		attributes := map[string]string{}
		for _, pair := range strings.Split(line, ",") {
			name, value, _ := strings.Cut(pair, "=")
			attributes[name] = value
		}
		if attributes["state"] == "online" {
			t.addReplica(ctx, n, net.JoinHostPort(attributes["ip"], attributes["port"]))
		}
	}
}

// addReplica adds a replica that answers and follows its primary now: the address that a primary knows it by is not
// always one that can be reached from here.
func (t *Target) addReplica(ctx context.Context, primary *Node, addr string) {
	replica := t.node(addr, true)
	text, err := replica.Client.Info(ctx, "replication").Result()
	if err != nil || Fields(text)["master_link_status"] != "up" {
		return
	}
	replica.RunID = replica.infoField(ctx, "server", "run_id")
	primary.Replicas = append(primary.Replicas, replica)
}

func (t *Target) clusterNodes(ctx context.Context) ([]*Node, error) {
	slots, err := t.Client.ClusterSlots(ctx).Result()
	if err != nil {
		return nil, fmt.Errorf("CLUSTER SLOTS: %w", err)
	}
	primaries := map[string]*Node{}
	covered := 0
	for _, r := range slots {
		if len(r.Nodes) == 0 {
			continue
		}
		covered += int(r.End) - int(r.Start) + 1
		addr := r.Nodes[0].Addr
		if primaries[addr] != nil {
			continue
		}
		n := t.node(addr, false)
		primaries[addr] = n
		for _, replica := range r.Nodes[1:] {
			t.addReplica(ctx, n, replica.Addr)
		}
	}
	if covered < 16384 {
		return nil, fmt.Errorf("the Cluster serves %d of 16384 slots: a count over it would miss keys", covered)
	}
	nodes := make([]*Node, 0, len(primaries))
	for _, n := range primaries {
		nodes = append(nodes, n)
	}
	return nodes, nil
}

func (t *Target) sentinelNodes(ctx context.Context) (nodes []*Node, err error) {
	err = t.askSentinels(ctx, func(s *redis.SentinelClient) (err error) {
		nodes, err = t.watchedNodes(ctx, s)
		return err
	})
	return nodes, err
}

// askSentinels asks one after the other, until one has the answer.
func (t *Target) askSentinels(ctx context.Context, ask func(*redis.SentinelClient) error) error {
	var failed []error
	for _, addr := range t.addrs {
		o := forNode(t.base, addr, false)
		o.DB, o.Username, o.Password, o.OnConnect = 0, t.options.SentinelUser, t.options.SentinelPass, nil
		s := redis.NewSentinelClient(o)
		err := ask(s)
		_ = s.Close()
		if err == nil {
			return nil
		}
		failed = append(failed, fmt.Errorf("sentinel %s: %w", addr, t.explain(err)))
	}
	return errors.Join(failed...)
}

// master asks a Sentinel for the address of the primary.
func (t *Target) master(ctx context.Context, s *redis.SentinelClient) (string, error) {
	at, err := s.GetMasterAddrByName(ctx, t.options.SentinelMaster).Result()
	switch {
	case errors.Is(err, redis.Nil):
		return "", fmt.Errorf("no master is called %q", t.options.SentinelMaster)
	case err != nil && Refused(err) && strings.Contains(err.Error(), "unknown command"):
		return "", fmt.Errorf("this is not a Sentinel: %w", err)
	case err != nil:
		return "", err
	case len(at) != 2:
		return "", fmt.Errorf("the address of %q is %q", t.options.SentinelMaster, at)
	}
	return net.JoinHostPort(at[0], at[1]), nil
}

func (t *Target) watchedNodes(ctx context.Context, s *redis.SentinelClient) ([]*Node, error) {
	addr, err := t.master(ctx, s)
	if err != nil {
		return nil, err
	}
	primary := t.node(addr, false)
	replicas, err := s.Replicas(ctx, t.options.SentinelMaster).Result()
	if err != nil {
		return nil, err
	}
	for _, r := range replicas {
		if !strings.Contains(r["flags"], "down") && !strings.Contains(r["flags"], "disconnected") {
			t.addReplica(ctx, primary, net.JoinHostPort(r["ip"], r["port"]))
		}
	}
	return []*Node{primary}, nil
}

func (n *Node) infoField(ctx context.Context, section, name string) string {
	text, err := n.Client.Info(ctx, section).Result()
	if err != nil {
		return ""
	}
	return Fields(text)[name]
}
