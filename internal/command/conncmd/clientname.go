package conncmd

import (
	"github.com/curfewkv/curfew/internal/command"
	"github.com/curfewkv/curfew/internal/session"
)

var clientSetName = &command.Spec{
	Name: "setname", Arity: 3, Flags: anytime, Since: "2.6.9", Complexity: "O(1)", Summary: "Gives the connection a name.",
	Syntax: "connection-name", Tips: "request_policy:all_nodes response_policy:all_succeeded",
	Run: func(c *command.Ctx) error {
		if err := checkName(c.Args[2]); err != nil {
			return err
		}
		c.Session.SetText(&c.Session.Public.Name, c.Args[2])
		c.Out.OK()
		return nil
	},
}

var clientGetName = &command.Spec{
	Name: "getname", Arity: 2, Flags: anytime, Since: "2.6.9", Complexity: "O(1)", Summary: "Replies the connection's name.",
	Run: func(c *command.Ctx) error {
		if name := session.Text(&c.Session.Public.Name); name != "" {
			c.Out.BulkString(name)
		} else {
			c.Out.Null()
		}
		return nil
	},
}

var clientSetInfo = &command.Spec{
	Name: "setinfo", Arity: 4, Flags: anytime, Since: "7.2.0", Complexity: "O(1)",
	Summary: "Says which client library is behind the connection.", Tips: "request_policy:all_nodes response_policy:all_succeeded",
	Syntax: "<LIB-NAME libname | LIB-VER libver>",
	Run: func(c *command.Ctx) error {
		to := &c.Session.Public.LibName
		switch {
		case c.Is(2, "LIB-NAME"):
		case c.Is(2, "LIB-VER"):
			to = &c.Session.Public.LibVer
		default:
			return command.Errorf("ERR Unrecognized option '%s'", c.Args[2])
		}
		if !printable(c.Args[3]) {
			return command.Errorf("ERR %s cannot contain spaces, newlines or special characters.", c.Args[2])
		}
		c.Session.SetText(to, c.Args[3])
		c.Out.OK()
		return nil
	},
}

// checkName refuses what would break the lines of CLIENT LIST.
func checkName(name []byte) error {
	if !printable(name) {
		return command.Error("ERR Client names cannot contain spaces, newlines or special characters.")
	}
	return nil
}

func printable(b []byte) bool {
	for _, c := range b {
		if c < '!' || c > '~' {
			return false
		}
	}
	return true
}
