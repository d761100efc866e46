package conncmd

import (
	"math"

	"github.com/curfewkv/curfew/internal/command"
	"github.com/curfewkv/curfew/internal/session"
	"github.com/curfewkv/curfew/resp"
	"github.com/curfewkv/curfew/resp/number"
)

const (
	errTimeoutNumber   command.Error = "ERR timeout is not an integer or out of range"
	errTimeoutNegative command.Error = "ERR timeout is negative"
	errNumLocal        command.Error = "ERR value is out of range, value must between 0 and 1"
	errNoAOF           command.Error = "ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled."
)

// There are no replicas, so none ever acknowledges: to wait for one is to wait for the timeout.
var wait = &command.Spec{
	Name: "wait", Arity: 3, Flags: command.Blocking, Group: "generic", Since: "3.0.0", Complexity: "O(1)",
	Categories: "@connection -@keyspace", Tips: "request_policy:all_shards response_policy:agg_min",
	Summary: "Waits until replicas have what the connection wrote.", Syntax: "numreplicas:integer timeout:integer",
	Run: func(c *command.Ctx) error {
		replicas, err := c.Int(1)
		if err != nil {
			return err
		}
		until, err := deadline(c, 2)
		if err != nil {
			return err
		}
		reply := func(out *resp.Writer) { out.Int(0) }
		if replicas <= 0 || !park(c, until, reply) {
			reply(c.Out)
		}
		return nil
	},
}

func (d *Deps) waitAOF() *command.Spec {
	return &command.Spec{
		Name: "waitaof", Arity: 4, Flags: command.Blocking, Group: "generic", Since: "7.2.0", Complexity: "O(1)",
		Categories: "@connection -@keyspace", Tips: "request_policy:all_shards response_policy:agg_min",
		Summary: "Waits until append-only files, here and on replicas, have what the connection wrote.",
		Syntax:  "numlocal:integer numreplicas:integer timeout:integer",
		Run: func(c *command.Ctx) error {
			local, err := c.Int(1)
			if err != nil {
				return err
			}
			if local < 0 || local > 1 {
				return errNumLocal
			}
			replicas, err := c.Int(2)
			if err != nil || replicas < 0 {
				return command.ErrNotPositive
			}
			until, err := deadline(c, 3)
			if err != nil {
				return err
			}
			if local > 0 && !d.AppendOnly() {
				return errNoAOF
			}
			reply := func(out *resp.Writer) {
				out.Array(2)
				out.Int(0)
				out.Int(0)
			}
			if local+replicas == 0 || !park(c, until, reply) {
				reply(c.Out)
			}
			return nil
		},
	}
}

// deadline is the monotonic instant in ns that is as many milliseconds away as argument i says; 0 for "0", never.
func deadline(c *command.Ctx, i int) (int64, error) {
	ms, ok := number.ParseInt64(c.Args[i])
	switch {
	case !ok:
		return 0, errTimeoutNumber
	case ms < 0:
		return 0, errTimeoutNegative
	case ms == 0:
		return 0, nil
	case ms > (math.MaxInt64-c.Now.Mono)/1e6:
		return math.MaxInt64, nil // centuries away
	}
	return c.Now.Mono + ms*1e6, nil
}

// acknowledgement is the wait for one.
var acknowledgement = &session.Kind{Name: "wait", Counted: true, Unblockable: true}

// park makes the session wait for the instant, then reply; false: it must not wait.
func park(c *command.Ctx, until int64, reply func(out *resp.Writer)) bool {
	expired := func(s *session.Session) { reply(&s.Out) }
	return c.Park(&session.Park{Kind: acknowledgement, Until: until, Expired: expired}) != nil
}
