package pubsubcmd

import "github.com/curfewkv/curfew/internal/command"

func (f *family) publish() *command.Spec {
	return &command.Spec{
		Name: "publish", Arity: 3, Flags: flags | command.Fast | command.MayReplicate, Group: "pubsub", Since: "2.0.0",
		Complexity: "O(N+M) where N is the number of clients subscribed to the receiving channel and M is the total number of subscribed patterns (by any client).",
		Summary:    "Sends a message to a channel.", Syntax: "channel message",
		Run: func(c *command.Ctx) error {
			c.Out.Int(int64(f.registry.Publish(c.Args[1], c.Args[2])))
			return nil
		},
	}
}

func (f *family) shardPublish() *command.Spec {
	return &command.Spec{
		Name: "spublish", Arity: 3, Flags: flags | command.Fast | command.MayReplicate, Group: "pubsub", Since: "7.0.0",
		Keys:       command.Keys{First: 1, Last: 1, Step: 1, Flags: "not_key"},
		Complexity: "O(N) where N is the number of clients subscribed to the receiving shard channel.",
		Summary:    "Sends a message to a shard channel.", Syntax: "shardchannel message",
		Run: func(c *command.Ctx) error {
			c.Out.Int(int64(f.registry.PublishShard(c.Args[1], c.Args[2])))
			return nil
		},
	}
}
