package pubsubcmd

import (
	"github.com/curfewkv/curfew/internal/command"
	"github.com/curfewkv/curfew/internal/pubsub"
)

// family is what the commands work on.
type family struct{ registry *pubsub.Registry }

// Specs are the commands of the family.
func Specs(r *pubsub.Registry) []*command.Spec {
	f := &family{r}
	out := []*command.Spec{f.publish(), f.shardPublish(), f.pubsub()}
	for i := range verbs {
		out = append(out, f.subscribe(&verbs[i]), f.unsubscribe(&verbs[i]))
	}
	return out
}

// flags of all but the introspective commands.
const flags = command.PubSub | command.Loading | command.Stale
