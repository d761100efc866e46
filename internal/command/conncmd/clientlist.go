package conncmd

import (
	"github.com/curfewkv/curfew/internal/command"
	"github.com/curfewkv/curfew/internal/session"
	"github.com/curfewkv/curfew/resp"
	"github.com/curfewkv/curfew/resp/number"
)

func (d *Deps) clientInfo() *command.Spec {
	return &command.Spec{
		Name: "info", Arity: 2, Flags: anytime, Since: "6.2.0", Complexity: "O(1)", Tips: "nondeterministic_output",
		Summary: "Describes the connection.",
		Run: func(c *command.Ctx) error {
			d.reply(c, []*session.Session{c.Session})
			return nil
		},
	}
}

func (d *Deps) clientList() *command.Spec {
	return &command.Spec{
		Name: "list", Arity: -2, Flags: adminFlags, Since: "2.4.0", Complexity: "O(N) where N is the number of client connections",
		Tips: "nondeterministic_output", Summary: "Describes the connections.",
		Syntax: "[" + typeSyntax + "] [ID client-id:integer [client-id:integer ...]]",
		Run: func(c *command.Ctx) error {
			switch n := len(c.Args); {
			case n == 2:
				d.reply(c, d.Clients.All())
			case n == 4 && c.Is(2, "TYPE"):
				return d.listType(c)
			case n > 3 && c.Is(2, "ID"):
				return d.listIDs(c)
			default:
				return command.ErrSyntax
			}
			return nil
		},
	}
}

func (d *Deps) listType(c *command.Ctx) error {
	t, err := parseType(c, 3)
	if err != nil {
		return err
	}
	var list []*session.Session
	for _, s := range d.Clients.All() {
		if t.is(s) {
			list = append(list, s)
		}
	}
	d.reply(c, list)
	return nil
}

// listIDs describes the connections with the given ids, in the order given; those that do not exist are left out.
func (d *Deps) listIDs(c *command.Ctx) error {
	var list []*session.Session
	for _, a := range c.Args[3:] {
		id, ok := number.ParseInt64(a)
		if !ok {
			return command.Error("ERR Invalid client ID")
		}
		if s, ok := d.Clients.Get(uint64(id)); ok {
			list = append(list, s)
		}
	}
	d.reply(c, list)
	return nil
}

// reply writes a line for each session but those that are being closed.
func (d *Deps) reply(c *command.Ctx, list []*session.Session) {
	own := &c.Session.Public
	own.LastCmd.Store(&c.Spec.Full) // the caller's last command is this one, and is still in its buffer
	if !c.Nested() {
		n := int64(len(resp.AppendCommandBytes(nil, c.Args...)))
		own.QueryLen.Add(n)
		defer own.QueryLen.Add(-n)
	}
	var text []byte
	for _, s := range list {
		if !s.Killed() {
			text = append(appendLine(text, s, c.Now.Mono), '\n')
		}
	}
	c.Out.Verbatim("txt", string(text))
}
