package servercmd

import (
	"bytes"

	"github.com/curfewkv/curfew/internal/command"
)

const clusterFlags = command.Stale

// errNoCluster is what a standalone node answers to subcommands that need a cluster.
const errNoCluster command.Error = "ERR This instance has cluster support disabled"

func clusterSpec(*Deps) *command.Spec {
	disabled := func(name string, arity int, since, syntax, tips, summary string) *command.Spec {
		return &command.Spec{
			Name: name, Arity: arity, Flags: clusterFlags, Since: since, Complexity: "O(1)", Summary: summary,
			Syntax: syntax, Tips: tips,
			Run: func(*command.Ctx) error { return errNoCluster },
		}
	}
	const varies = "nondeterministic_output"
	mapping := disabled("slots", 2, "3.0.0", "", varies, "Lists the nodes by their slots.")
	shards := disabled("shards", 2, "7.0.0", "", varies, "Lists the shards, their slots and their nodes.")
	mapping.Flags |= command.Loading
	shards.Flags |= command.Loading
	mapping.DeprecatedSince, mapping.ReplacedBy = "7.0.0", "`CLUSTER SHARDS`"
	return &command.Spec{
		Name: "cluster", Arity: -2, Group: "cluster", Since: "3.0.0", Complexity: "Depends on subcommand.",
		Summary: "Groups the commands of Redis Cluster.",
		Subcommands: []*command.Spec{
			disabled("info", 2, "3.0.0", "", varies, "Tells the state of the cluster as the node sees it."),
			mapping,
			shards,
			disabled("nodes", 2, "3.0.0", "", varies, "Lists the nodes that the node knows."),
			disabled("myid", 2, "3.0.0", "", "", "Replies the id of the node."),
			disabled("countkeysinslot", 3, "3.0.0", "slot", "", "Counts the keys of a slot."),
			disabled("getkeysinslot", 4, "3.0.0", "slot count", varies, "Lists keys of a slot."),
			{
				Name: "keyslot", Arity: 3, Flags: clusterFlags, Since: "3.0.0", Complexity: "O(N), N being the length of the key",
				Summary: "Computes the hash slot of a key.", Syntax: "key:string",
				Run: func(c *command.Ctx) error {
					c.Out.Int(int64(KeySlot(c.Args[2])))
					return nil
				},
			},
			command.HelpSpec("CLUSTER", command.Loading|command.Stale, "5.0.0",
				"KEYSLOT <key>",
				"    The hash slot of <key>.",
				"INFO | SLOTS | SHARDS | NODES | MYID | COUNTKEYSINSLOT | GETKEYSINSLOT",
				"    Refused: cluster support is disabled.",
			),
		},
	}
}

// slots is the number of hash slots of Redis Cluster.
const slots = 16384

// KeySlot is the hash slot of a key: CRC16 (XMODEM) of its hash tag, or of all of it. See the Redis Cluster specification.
func KeySlot(key []byte) int {
	if open := bytes.IndexByte(key, '{'); open >= 0 {
		if n := bytes.IndexByte(key[open+1:], '}'); n > 0 {
			key = key[open+1 : open+1+n]
		}
	}
	crc := uint16(0)
	for _, b := range key {
		crc ^= uint16(b) << 8
		for range 8 {
			if crc&0x8000 != 0 {
				crc = crc<<1 ^ 0x1021
			} else {
				crc <<= 1
			}
		}
	}
	return int(crc) % slots
}
