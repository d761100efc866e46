package skew

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/curfewkv/curfew/internal/toolkit/connect"
	"github.com/curfewkv/curfew/lifetime"
)

// Roles of the nodes, for the report.
const (
	RolePrimary  = "primary"
	RoleReplica  = "replica"
	RoleSentinel = "sentinel"
	RoleNode     = "node" // it was named, and nobody asked what it is
)

// A Node is a server whose clock is compared.
type Node struct {
	Name   string
	Role   string
	server lifetime.TimeSource
}

// NewNode makes a node of a client. Its clock is asked for by TIME or, where that is not known, as by a Sentinel, by INFO.
func NewNode(name, role string, client *redis.Client) Node {
	return Node{Name: name, Role: role, server: clientClock{client}}
}

// clientClock reads the clock of a server that may not know TIME.
type clientClock struct{ client *redis.Client }

func (c clientClock) Time(ctx context.Context) *redis.TimeCmd {
	cmd := c.client.Time(ctx)
	if !connect.Refused(cmd.Err()) {
		return cmd
	}
	refusal := cmd.Err()
	cmd = redis.NewTimeCmd(ctx, "time")
	text, err := c.client.Info(ctx, "server").Result()
	if err != nil {
		cmd.SetErr(err)
		return cmd
	}
	microseconds, err := strconv.ParseInt(connect.Fields(text)["server_time_usec"], 10, 64)
	if err != nil {
		cmd.SetErr(fmt.Errorf("INFO has no server_time_usec, and TIME fails: %w", refusal))
		return cmd
	}
	cmd.SetVal(time.UnixMicro(microseconds))
	return cmd
}

// failing is the clock of a server that could not be reached to begin with.
type failing struct{ err error }

func (f failing) Time(ctx context.Context) *redis.TimeCmd {
	cmd := redis.NewTimeCmd(ctx, "time")
	cmd.SetErr(f.err)
	return cmd
}

// Named are the nodes at the given addresses, whatever they are; close ends their connections. One that cannot be reached
// is among them, with its error when it is asked.
func Named(ctx context.Context, options connect.Options, role string, addrs []string) (nodes []Node, closeAll func()) {
	nodes = make([]Node, len(addrs))
	targets := make([]*connect.Target, len(addrs))
	var wg sync.WaitGroup
	for i, addr := range addrs {
		o := options
		o.URL, o.Addrs, o.Cluster, o.SentinelMaster, o.DB = "", []string{addr}, "no", "", 0
		wg.Go(func() {
			target, err := connect.Open(ctx, o)
			if err != nil {
				nodes[i] = Node{Name: addr, Role: role, server: failing{err}}
				return
			}
			targets[i] = target
			nodes[i] = Node{Name: addr, Role: role, server: clientClock{target.Client.(*redis.Client)}}
		})
	}
	wg.Wait()
	return nodes, func() {
		for _, t := range targets {
			if t != nil {
				t.Close()
			}
		}
	}
}

// Of are the primaries and replicas of a target.
func Of(ctx context.Context, target *connect.Target) ([]Node, error) {
	primaries, err := target.Primaries(ctx)
	if err != nil {
		return nil, err
	}
	var nodes []Node
	for _, p := range primaries {
		role := RolePrimary
		if p.Replica {
			role = RoleReplica
		}
		nodes = append(nodes, NewNode(p.Addr, role, p.Client))
		for _, r := range p.Replicas {
			nodes = append(nodes, NewNode(r.Addr, RoleReplica, r.Client))
		}
	}
	return nodes, nil
}

// Measure asks all nodes.
func Measure(ctx context.Context, nodes []Node, samples int) lifetime.SkewReport {
	asked := make([]lifetime.ClockNode, len(nodes))
	for i, n := range nodes {
		asked[i] = lifetime.ClockNode{Name: n.Name, Server: n.server}
	}
	return lifetime.ClockSkew(ctx, asked, lifetime.ClockOptions{Samples: samples})
}
