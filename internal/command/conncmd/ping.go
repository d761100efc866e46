package conncmd

import "github.com/curfewkv/curfew/internal/command"

var ping = &command.Spec{
	Name: "ping", Arity: -1, Flags: command.Fast | command.InSubscribe, Group: "connection", Since: "1.0.0", Complexity: "O(1)",
	Tips:    "request_policy:all_shards response_policy:all_succeeded",
	Summary: "Tells that the server is alive.", Syntax: "[message]",
	Run: func(c *command.Ctx) error {
		if len(c.Args) > 2 {
			return command.ErrWrongArgs(c.Spec.Name)
		}
		switch {
		case c.Session.Subs.Any() && c.Out.Proto < 3:
			// A RESP2 subscriber takes every reply for a message, so it is given the shape of one.
			c.Out.Array(2)
			c.Out.BulkString("pong")
			if len(c.Args) == 1 {
				c.Out.BulkString("")
			} else {
				c.Out.Bulk(c.Args[1])
			}
		case len(c.Args) == 1:
			c.Out.Simple("PONG")
		default:
			c.Out.Bulk(c.Args[1])
		}
		return nil
	},
}
