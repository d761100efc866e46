package pubsubcmd

import "github.com/curfewkv/curfew/internal/command"

func (f *family) pubsub() *command.Spec {
	return &command.Spec{
		Name: "pubsub", Arity: -2, Group: "pubsub", Since: "2.8.0", Complexity: "Depends on subcommand.",
		Summary: "Groups the commands that tell which clients listen to which channels.",
		Subcommands: []*command.Spec{
			channels("channels", "2.8.0", "channels", f.registry.Channels),
			channels("shardchannels", "7.0.0", "shard channels", f.registry.ShardChannels),
			subscribers("numsub", "2.8.0", "channels", "channel", f.registry.NumSub),
			subscribers("shardnumsub", "7.0.0", "shard channels", "shardchannel", f.registry.ShardNumSub),
			{
				Name: "numpat", Arity: 2, Flags: flags, Since: "2.8.0", Complexity: "O(1)",
				Summary: "Counts the different patterns that are subscribed to.",
				Run: func(c *command.Ctx) error {
					c.Out.Int(int64(f.registry.NumPat()))
					return nil
				},
			},
			help,
		},
	}
}

// channels is a subcommand that lists the channels with subscribers.
func channels(name, since, what string, list func(pattern []byte) []string) *command.Spec {
	return &command.Spec{
		Name: name, Arity: -2, Flags: flags, Since: since,
		Complexity: "O(N) where N is the number of channels with subscribers, for short patterns and names.",
		Summary:    "Lists the " + what + " that have subscribers.", Syntax: "[pattern:pattern]",
		Run: func(c *command.Ctx) error {
			var pattern []byte
			switch len(c.Args) {
			case 2:
			case 3:
				pattern = c.Args[2]
			default:
				return command.ErrSubcommandSyntax(c.Args[1], "PUBSUB")
			}
			names := list(pattern)
			c.Out.Array(len(names))
			for _, n := range names {
				c.Out.BulkString(n)
			}
			return nil
		},
	}
}

// subscribers is a subcommand that counts the subscribers of channels.
func subscribers(name, since, what, syntax string, count func(channel []byte) int) *command.Spec {
	return &command.Spec{
		Name: name, Arity: -2, Flags: flags, Since: since, Complexity: "O(N) where N is the number of channels asked about.",
		Summary: "Counts the subscribers of " + what + ".", Syntax: "[" + syntax + " [" + syntax + " ...]]",
		Run: func(c *command.Ctx) error {
			asked := c.Args[2:]
			c.Out.Array(2 * len(asked))
			for _, channel := range asked {
				c.Out.Bulk(channel)
				c.Out.Int(int64(count(channel)))
			}
			return nil
		},
	}
}

var help = command.HelpSpec("PUBSUB", command.Loading|command.Stale, "6.2.0",
	"CHANNELS [<pattern>]",
	"    List the channels that have subscribers, those that match <pattern> if it is given.",
	"NUMPAT",
	"    Count the different patterns that are subscribed to.",
	"NUMSUB [<channel> ...]",
	"    Count the subscribers of channels, without those by pattern.",
	"SHARDCHANNELS [<pattern>]",
	"    List the shard channels that have subscribers, those that match <pattern> if it is given.",
	"SHARDNUMSUB [<shardchannel> ...]",
	"    Count the subscribers of shard channels.",
)
