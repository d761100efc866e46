package keycmd

import (
	"github.com/curfewkv/curfew/internal/command"
	"github.com/curfewkv/curfew/internal/keyspace"
)

const (
	errNotLFU command.Error = "ERR An LFU maxmemory policy is not selected, access frequency not tracked. " + errPolicyNote
	errLFU    command.Error = "ERR An LFU maxmemory policy is selected, idle time not tracked. " + errPolicyNote

	errPolicyNote = "Please note that when switching between policies at runtime LRU and LFU data will take some time to adjust."
)

var object = &command.Spec{
	Name: "object", Arity: -2,
	Group: "generic", Since: "2.2.3", Complexity: "Depends on subcommand.",
	Summary: "Groups the commands that look into what a key holds.",
	Subcommands: []*command.Spec{
		objectSpec("encoding", "2.2.3", "Tells how the value of a key is encoded in memory.", replyEncoding),
		objectSpec("freq", "4.0.0", "Reads the logarithmic counter of the accesses to a key.", replyFreq),
		objectSpec("idletime", "2.2.3", "Tells for how many seconds a key was not accessed.", replyIdleTime),
		objectSpec("refcount", "2.2.3", "Tells how many references there are to the value of a key.", replyRefCount),
		objectHelp,
	},
}

// objectSpec is a subcommand that replies something of one entry, null where there is no key. None of them is an access.
func objectSpec(name, since, summary string, reply func(*command.Ctx, keyspace.Entry) error) *command.Spec {
	return &command.Spec{
		Name: name, Arity: 3, Flags: command.ReadOnly,
		Keys:  command.Keys{First: 2, Last: 2, Step: 1, Flags: "RO"},
		Since: since, Complexity: "O(1)", Summary: summary, Syntax: "key",
		Tips: "nondeterministic_output",
		Run: func(c *command.Ctx) error {
			en, ok := c.Tx.Inspect(c.Args[2])
			if !ok {
				c.Out.Null()
				return nil
			}
			return reply(c, en)
		},
	}
}

func replyEncoding(c *command.Ctx, en keyspace.Entry) error {
	c.Out.BulkString(en.Encoding())
	return nil
}

func replyFreq(c *command.Ctx, en keyspace.Entry) error {
	if !c.Tx.Keyspace().Policy().LFU() {
		return errNotLFU
	}
	c.Out.Int(int64(c.Tx.Freq(en)))
	return nil
}

func replyIdleTime(c *command.Ctx, en keyspace.Entry) error {
	if c.Tx.Keyspace().Policy().LFU() {
		return errLFU
	}
	c.Out.Int(c.Tx.IdleMs(en) / 1000)
	return nil
}

// replyRefCount: no value is shared between keys. Redis shares small integers, and replies 2147483647 for these.
func replyRefCount(c *command.Ctx, _ keyspace.Entry) error {
	c.Out.Int(1)
	return nil
}

var objectHelp = &command.Spec{
	Name: "help", Arity: 2, Flags: command.Loading | command.Stale,
	Since: "6.2.0", Complexity: "O(1)",
	Summary: "Lists the subcommands.",
	Run: func(c *command.Ctx) error {
		lines := []string{
			"OBJECT <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
			"ENCODING <key>",
			"    How the value of <key> is encoded in memory.",
			"FREQ <key>",
			"    The logarithmic counter of the accesses to <key>, under an LFU policy.",
			"IDLETIME <key>",
			"    For how many seconds <key> was not accessed, under any other policy.",
			"REFCOUNT <key>",
			"    How many references there are to the value of <key>.",
			"HELP",
			"    Print this help.",
		}
		c.Out.Array(len(lines))
		for _, l := range lines {
			c.Out.Simple(l)
		}
		return nil
	},
}
