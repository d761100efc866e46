package conncmd

import (
	"github.com/curfewkv/curfew/internal/command"
	"github.com/curfewkv/curfew/internal/session"
	"github.com/curfewkv/curfew/resp/number"
)

const (
	errNoClient  command.Error = "ERR No such client"
	errKillID    command.Error = "ERR client-id should be greater than 0"
	errMaxAge    command.Error = "ERR maxage is not an integer or out of range"
	errMaxAgeLow command.Error = "ERR maxage should be greater than 0"
)

func (d *Deps) clientKill() *command.Spec {
	return &command.Spec{
		Name: "kill", Arity: -3, Flags: adminFlags, Since: "2.4.0", Complexity: "O(N) where N is the number of client connections",
		Summary: "Closes connections.",
		Syntax: "filter:<old-format:string | new-format:<ID client-id:integer | TYPE client-type:<NORMAL | MASTER | SLAVE | REPLICA | PUBSUB>" +
			" | USER username | ADDR addr | LADDR laddr | SKIPME skipme:<YES | NO> | MAXAGE maxage:integer> ...>",
		Run: func(c *command.Ctx) error {
			f := filter{addr: c.Args[2]}
			if len(c.Args) > 3 {
				var err error
				if f, err = parseFilter(c); err != nil {
					return err
				}
			}
			n := d.kill(c, &f)
			switch {
			case len(c.Args) > 3:
				c.Out.Int(int64(n))
			case n == 0:
				return errNoClient
			default:
				c.Out.OK()
			}
			return nil
		},
	}
}

// filter says which connections CLIENT KILL closes: those to which all of it applies.
type filter struct {
	id          uint64 // 0: any
	of          clientType
	addr, laddr []byte // nil: any
	maxAge      int64  // seconds at least, 0: any
	skipMe      bool
}

func parseFilter(c *command.Ctx) (f filter, err error) {
	f.skipMe = true
	for i := 2; i < len(c.Args); i += 2 {
		if i+1 == len(c.Args) {
			return f, command.ErrSyntax
		}
		v := c.Args[i+1]
		switch {
		case c.Is(i, "ID"):
			n, ok := number.ParseInt64(v)
			if !ok || n < 1 {
				return f, errKillID
			}
			f.id = uint64(n)
		case c.Is(i, "TYPE"):
			f.of, err = parseType(c, i+1)
		case c.Is(i, "ADDR"):
			f.addr = v
		case c.Is(i, "LADDR"):
			f.laddr = v
		case c.Is(i, "USER"):
			if string(v) != defaultUser {
				err = command.Errorf("ERR No such user '%s'", v)
			}
		case c.Is(i, "SKIPME"):
			f.skipMe, err = yesNo(c, i+1)
		case c.Is(i, "MAXAGE"):
			f.maxAge, err = parseMaxAge(v)
		default:
			return f, command.ErrSyntax
		}
		if err != nil {
			return f, err
		}
	}
	return f, nil
}

func parseMaxAge(v []byte) (int64, error) {
	n, ok := number.ParseInt64(v)
	switch {
	case !ok:
		return 0, errMaxAge
	case n <= 0:
		return 0, errMaxAgeLow
	}
	return n, nil
}

// yesNo reads a word YES or NO.
func yesNo(c *command.Ctx, i int) (yes bool, err error) {
	switch {
	case c.Is(i, "YES"):
		return true, nil
	case c.Is(i, "NO"):
		return false, nil
	}
	return false, command.ErrSyntax
}

// kill closes the connections that the filter applies to, the caller's own after the reply, and returns their number.
func (d *Deps) kill(c *command.Ctx, f *filter) int {
	n := 0
	for _, s := range d.Clients.All() {
		if s.Killed() || f.skipMe && s == c.Session || !f.applies(s, c.Now.Mono) {
			continue
		}
		n++
		if s == c.Session {
			closeAfterReply(c)
		} else {
			s.Kill()
		}
	}
	return n
}

func (f *filter) applies(s *session.Session, now int64) bool {
	return (f.id == 0 || s.ID == f.id) &&
		(f.addr == nil || string(f.addr) == s.Addr) &&
		(f.laddr == nil || string(f.laddr) == s.LocalAddr) &&
		(f.maxAge == 0 || (now-s.Created)/1e9 >= f.maxAge) &&
		f.of.is(s)
}
