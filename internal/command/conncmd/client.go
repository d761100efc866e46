package conncmd

import "github.com/curfewkv/curfew/internal/command"

// adminFlags are those of CLIENT's subcommands that concern other connections.
const adminFlags = command.Admin | anytime

func (d *Deps) client() *command.Spec {
	subs := []*command.Spec{
		clientCaching, clientGetName, clientGetRedir, clientHelp, clientID, d.clientInfo(), d.clientKill(), d.clientList(),
		clientNoEvict, clientNoTouch, d.clientPause(), clientReply, clientSetInfo, clientSetName, d.clientTracking(),
		clientTrackingInfo, d.clientUnblock(), d.clientUnpause(),
	}
	out := make([]*command.Spec, len(subs))
	for i, s := range subs {
		out[i] = keepCaching(s)
	}
	return &command.Spec{
		Name: "client", Arity: -2, Group: "connection", Since: "2.4.0", Complexity: "Depends on subcommand.",
		Summary: "Groups the commands on connections.", Subcommands: out,
	}
}

// keepCaching makes what CLIENT CACHING said survive the command, since it speaks of the next one that is not CLIENT's.
func keepCaching(s *command.Spec) *command.Spec {
	out, run := *s, s.Run
	out.Run = func(c *command.Ctx) error {
		err := run(c)
		if t := c.Session.Tracking; t != nil && t.Caching && !c.Nested() {
			t.KeepCaching = true
		}
		return err
	}
	return &out
}

var clientID = &command.Spec{
	Name: "id", Arity: 2, Flags: anytime, Since: "5.0.0", Complexity: "O(1)", Summary: "Replies the id of the connection.",
	Run: func(c *command.Ctx) error {
		c.Out.Int(int64(c.Session.ID))
		return nil
	},
}

// onOff reads a word ON or OFF.
func onOff(c *command.Ctx, i int) (on bool, err error) {
	switch {
	case c.Is(i, "ON"):
		return true, nil
	case c.Is(i, "OFF"):
		return false, nil
	}
	return false, command.ErrSyntax
}

var clientHelp = command.HelpSpec("CLIENT", command.Loading|command.Stale, "5.0.0",
	"CACHING (YES|NO)",
	"    In OPTIN or OPTOUT mode, say whether the keys of the next command are tracked.",
	"GETNAME",
	"    Reply the name of this connection.",
	"GETREDIR",
	"    Reply the id of the connection that hears of this one's tracked keys.",
	"ID",
	"    Reply the id of this connection.",
	"INFO",
	"    Describe this connection.",
	"KILL <ip:port>",
	"    Close the connection from an address.",
	"KILL <option> <value> [<option> <value> [...]]",
	"    Close the connections that all options apply to. Options are:",
	"    * ADDR (<ip:port>|<unixsocket>:0)",
	"      From this address.",
	"    * LADDR (<ip:port>|<unixsocket>:0)",
	"      To this address of the server.",
	"    * TYPE (NORMAL|MASTER|REPLICA|PUBSUB)",
	"      Of this type.",
	"    * USER <username>",
	"      Of this user.",
	"    * SKIPME (YES|NO)",
	"      Spare this connection (default: yes).",
	"    * ID <client-id>",
	"      With this id.",
	"    * MAXAGE <maxage>",
	"      At least so many seconds old.",
	"LIST [options ...]",
	"    Describe all connections. Options are:",
	"    * TYPE (NORMAL|MASTER|REPLICA|PUBSUB)",
	"      Those of a type only.",
	"    * ID <client-id> [<client-id> ...]",
	"      Those with these ids only.",
	"NO-EVICT (ON|OFF)",
	"    Spare this connection when connections are closed for want of memory.",
	"NO-TOUCH (ON|OFF)",
	"    Let this connection's commands leave the keys' last access alone.",
	"PAUSE <timeout> [WRITE|ALL]",
	"    Hold back all commands, or those that write, for a time in milliseconds.",
	"REPLY (ON|OFF|SKIP)",
	"    Turn the replies on this connection on or off, or skip the next one.",
	"SETINFO <option> <value>",
	"    Say which library is behind this connection. Options are:",
	"    * LIB-NAME: its name.",
	"    * LIB-VER: its version.",
	"SETNAME <name>",
	"    Give this connection a name.",
	"TRACKING (ON|OFF) [REDIRECT <id>] [BCAST] [PREFIX <prefix> [...]]",
	"         [OPTIN] [OPTOUT] [NOLOOP]",
	"    Be told when keys change that this connection may hold copies of.",
	"TRACKINGINFO",
	"    Describe the tracking of this connection.",
	"UNBLOCK <clientid> [TIMEOUT|ERROR]",
	"    End the wait of a blocked connection.",
	"UNPAUSE",
	"    End the pause.",
)
