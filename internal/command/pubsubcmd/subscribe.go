package pubsubcmd

import (
	"github.com/curfewkv/curfew/internal/command"
	"github.com/curfewkv/curfew/internal/pubsub"
	"github.com/curfewkv/curfew/internal/session"
	"github.com/curfewkv/curfew/resp"
)

// verb is a kind of subscription with the words for it.
type verb struct {
	kind         pubsub.Kind
	prefix       string // of subscribe, unsubscribe
	what, syntax string
	since        string
}

var verbs = [...]verb{
	{pubsub.Channel, "", "channels", "channel", "2.0.0"},
	{pubsub.Pattern, "p", "channels that match patterns", "pattern:pattern", "2.0.0"},
	{pubsub.Shard, "s", "shard channels", "shardchannel", "7.0.0"},
}

// keys are what cluster clients go by: a shard channel lives where a key of its name would.
func (v *verb) keys() command.Keys {
	if v.kind != pubsub.Shard {
		return command.Keys{}
	}
	return command.Keys{First: 1, Last: -1, Step: 1, Flags: "not_key"}
}

func (f *family) subscribe(v *verb) *command.Spec {
	word := v.prefix + "subscribe"
	return &command.Spec{
		Name: word, Arity: -2, Flags: flags | command.NoScript | command.InSubscribe, Keys: v.keys(), Group: "pubsub", Since: v.since,
		Complexity: "O(N) where N is the number of channels or patterns to subscribe to.",
		Summary:    "Listens to " + v.what + ".", Syntax: v.syntax + " [" + v.syntax + " ...]",
		Run: func(c *command.Ctx) error {
			if c.Nested() && v.kind == pubsub.Shard { // the older commands are allowed, for old clients' sake
				return command.Error("ERR SSUBSCRIBE isn't allowed for a DENY BLOCKING client")
			}
			for _, name := range c.Args[1:] {
				f.registry.Subscribe(c.Session, v.kind, name, func() { announce(c, v.kind, word, name) })
			}
			return nil
		},
	}
}

func (f *family) unsubscribe(v *verb) *command.Spec {
	word := v.prefix + "unsubscribe"
	return &command.Spec{
		Name: word, Arity: -1, Flags: flags | command.NoScript | command.InSubscribe, Keys: v.keys(), Group: "pubsub", Since: v.since,
		Complexity: "O(N) where N is the number of channels or patterns to unsubscribe from.",
		Summary:    "Stops listening to " + v.what + ", or to all of them.", Syntax: "[" + v.syntax + " [" + v.syntax + " ...]]",
		Run: func(c *command.Ctx) error {
			names := c.Args[1:]
			if len(names) == 0 {
				names = all(c.Session, v.kind)
			}
			if len(names) == 0 {
				announce(c, v.kind, word, nil)
				return nil
			}
			for _, name := range names {
				f.registry.Unsubscribe(c.Session, v.kind, name)
				announce(c, v.kind, word, name)
			}
			return nil
		},
	}
}

// all are the names that the session has subscribed to.
func all(s *session.Session, k pubsub.Kind) [][]byte {
	var out [][]byte
	for _, n := range pubsub.Names(s, k) {
		out = append(out, []byte(n))
	}
	return out
}

// announce says what became of one subscription; name is nil where there was none to end.
func announce(c *command.Ctx, k pubsub.Kind, word string, name []byte) {
	count := int64(pubsub.Count(c.Session, k))
	write := func(w *resp.Writer) {
		w.Push(3)
		w.BulkString(word)
		if name == nil {
			w.Null()
		} else {
			w.Bulk(name)
		}
		w.Int(count)
	}
	if c.Nested() {
		write(c.Out)
	} else {
		c.Session.Push(0, write)
	}
}
