package conncmd

import (
	"github.com/curfewkv/curfew/internal/command"
	"github.com/curfewkv/curfew/resp/number"
)

const (
	errProtoNumber command.Error = "ERR Protocol version is not an integer or out of range"
	errNoProto     command.Error = "NOPROTO unsupported protocol version"
	errHelloAuth   command.Error = "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH <user> <pass> option can be used to authenticate the client and select the RESP protocol version at the same time"
)

// helloOptions are the parsed arguments of HELLO; nil is absent.
type helloOptions struct {
	proto                int64 // 0: as it is
	user, password, name []byte
}

func (d *Deps) hello() *command.Spec {
	return &command.Spec{
		Name: "hello", Arity: -1, Flags: handy, Group: "connection", Since: "6.0.0", Complexity: "O(1)",
		Summary: "Chooses the protocol and introduces client and server to each other.",
		Syntax:  "[protover:integer [AUTH username password] [SETNAME clientname]]",
		Run:     d.runHello,
	}
}

func parseHello(c *command.Ctx) (o helloOptions, err error) {
	if len(c.Args) > 1 {
		var ok bool
		if o.proto, ok = number.ParseInt64(c.Args[1]); !ok {
			return o, errProtoNumber
		}
		if o.proto < 2 || o.proto > 3 {
			return o, errNoProto
		}
	}
	for i := 2; i < len(c.Args); i++ {
		left := len(c.Args) - 1 - i
		switch {
		case c.Is(i, "AUTH") && left >= 2:
			o.user, o.password = c.Args[i+1], c.Args[i+2]
			i += 2
		case c.Is(i, "SETNAME") && left >= 1:
			o.name = c.Args[i+1]
			if err := checkName(o.name); err != nil {
				return o, err
			}
			i++
		default:
			return o, command.Errorf("ERR Syntax error in HELLO option '%s'", c.Args[i])
		}
	}
	return o, nil
}

func (d *Deps) runHello(c *command.Ctx) error {
	o, err := parseHello(c)
	if err != nil {
		return err
	}
	if o.user != nil {
		if err := d.authenticate(c, o.user, o.password); err != nil {
			return err
		}
	}
	if !d.authenticated(c) {
		return errHelloAuth
	}
	s := c.Session
	if o.name != nil {
		s.SetText(&s.Public.Name, o.name)
	}
	if o.proto != 0 {
		s.SetProto(int(o.proto))
		c.Out.Proto = int(o.proto) // it need not be the session's, see dispatch.errand
	}
	w := c.Out
	w.Map(7)
	w.BulkString("server")
	w.BulkString("redis")
	w.BulkString("version")
	w.BulkString(d.Version)
	w.BulkString("proto")
	w.Int(int64(w.Proto))
	w.BulkString("id")
	w.Int(int64(s.ID))
	w.BulkString("mode")
	w.BulkString("standalone")
	w.BulkString("role")
	w.BulkString("master")
	w.BulkString("modules")
	w.Array(0)
	return nil
}
