package lifetime

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// track begins with one tracker for each primary, and follows the primaries of a Cluster.
func (n *NearCache) track(ctx context.Context) error {
	var trackers []*nearTracker
	switch client := n.client.(type) {
	case *redis.Client:
		trackers = []*nearTracker{n.newTracker(client)}
	case *redis.ClusterClient:
		if o := client.Options(); o.ReadOnly || o.RouteByLatency || o.RouteRandomly {
			return errors.New("the client reads from replicas, which may not have what a primary has invalidated")
		}
		primaries, err := clusterPrimaries(ctx, client)
		if err != nil {
			return err
		}
		for _, node := range primaries {
			trackers = append(trackers, n.newTracker(node))
		}
	default:
		return fmt.Errorf("a client of type %T: %w", client, errNearClient)
	}
	n.mu.Lock()
	n.mu.trackers = slices.Clone(trackers)
	n.mu.Unlock()
	for _, t := range trackers {
		t.subscription.start()
	}
	for _, t := range trackers {
		if err := t.await(ctx); err != nil {
			return err
		}
	}
	if client, ok := n.client.(*redis.ClusterClient); ok {
		watch, cancel := context.WithCancel(context.Background())
		n.cancel = cancel
		n.done.Go(func() { n.follow(watch, client) })
	}
	return nil
}

// follow compares the Cluster's primaries with those that are tracked, until ctx ends.
func (n *NearCache) follow(ctx context.Context, client *redis.ClusterClient) {
	tick := time.NewTicker(n.options.Every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		now, err := clusterPrimaries(ctx, client)
		if err != nil {
			if ctx.Err() == nil {
				n.failed(err) // a Cluster that does not answer has no news; its connections are proven one by one
			}
			continue
		}
		n.retrack(now)
	}
}

func (n *NearCache) retrack(primaries []*redis.Client) {
	n.mu.Lock()
	var kept, gone, fresh []*nearTracker
	for _, t := range n.mu.trackers {
		// A node that left and came back has another client, which reads over other connections.
		if slices.Contains(primaries, t.reader) {
			kept = append(kept, t)
		} else {
			gone = append(gone, t)
		}
	}
	for _, node := range primaries {
		if !slices.ContainsFunc(kept, func(t *nearTracker) bool { return t.reader == node }) {
			fresh = append(fresh, n.newTracker(node))
		}
	}
	// From here on nothing is served until the new ones are proven.
	n.mu.trackers = append(kept, fresh...)
	n.mu.Unlock()
	if len(gone)+len(fresh) > 0 {
		n.dropAll()
	}
	for _, t := range fresh {
		t.subscription.start()
	}
	for _, t := range gone {
		if err := t.close(); err != nil {
			n.failed(fmt.Errorf("leaving %s: %w", t.addr, err))
		}
	}
}

// clusterPrimaries are the clients of the Cluster's primaries, by its newest word.
func clusterPrimaries(ctx context.Context, client *redis.ClusterClient) ([]*redis.Client, error) {
	var mu sync.Mutex
	var nodes []*redis.Client
	err := client.ForEachMaster(ctx, func(_ context.Context, node *redis.Client) error {
		mu.Lock()
		defer mu.Unlock()
		nodes = append(nodes, node)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("asking for the primaries: %w", err)
	}
	return nodes, nil
}
