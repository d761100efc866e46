package stringcmd

import "github.com/curfewkv/curfew/internal/command"

var get = &command.Spec{
	Name: "get", Arity: 2, Flags: command.ReadOnly | command.Fast,
	Keys:  command.Keys{First: 1, Last: 1, Step: 1, Flags: "RO access"},
	Group: "string", Since: "1.0.0", Complexity: "O(1)",
	Summary: "Reads the string that a key holds.",
	Syntax:  "key",
	Run: func(c *command.Ctx) error {
		_, err := replyString(c, c.Args[1])
		return err
	},
}

// replyString replies the string that key holds, null where there is none, and reports whether there is.
func replyString(c *command.Ctx, key []byte) (found bool, err error) {
	en, found, err := c.StringEntry(key)
	if err != nil {
		return found, err
	}
	if !found {
		c.Out.Null()
		return false, nil
	}
	reply(c, en)
	return true, nil
}
