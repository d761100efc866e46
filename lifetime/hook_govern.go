package lifetime

import (
	"context"

	"github.com/redis/go-redis/v9"
)

// Govern holds all that goes through the client to the policy. It is AddHook(WithDefaultTTL(policy)), and for a
// ClusterClient and a Ring their nodes' clients besides: Watch runs on one of those, past the hooks of the Cluster. What
// has passed the hook of the Cluster is not judged again by the node's. Call it before the client is used.
func Govern(client redis.UniversalClient, policy *Policy) {
	hook := WithDefaultTTL(policy)
	client.AddHook(hook)
	each := func(node *redis.Client) { node.AddHook(hook) }
	switch c := client.(type) {
	case *redis.ClusterClient:
		c.OnNewNode(each)
	case *redis.Ring:
		c.OnNewNode(each)
		for _, shard := range c.GetShardClients() {
			each(shard)
		}
	}
}

// judged marks the context of what a hook of the policy has seen.
type judged struct{ policy *Policy }

func (h *policyHook) mark(ctx context.Context) context.Context {
	return context.WithValue(ctx, judged{h.policy}, true)
}

func (h *policyHook) marked(ctx context.Context) bool {
	return ctx.Value(judged{h.policy}) != nil || ctx.Value(unjudged{}) != nil
}

// unjudged marks the context of what the other parts of this package send. Their options have said how long it lives,
// and a rule for the caller's keys would break it: a lease that is prolonged to a Min, or a relay's stream that ends.
type unjudged struct{}

func withoutPolicy(ctx context.Context) context.Context {
	return context.WithValue(ctx, unjudged{}, true)
}
