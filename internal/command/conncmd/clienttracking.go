package conncmd

import (
	"github.com/curfewkv/curfew/internal/command"
	"github.com/curfewkv/curfew/internal/session"
	"github.com/curfewkv/curfew/internal/tracking"
)

const (
	errOneRedirect command.Error = "ERR A client can only redirect to a single other client"
	errRedirectTo  command.Error = "ERR The client ID you want redirect to does not exist"
	errCaching     command.Error = "ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or OPTOUT mode enabled"
	errCachingYes  command.Error = "ERR CLIENT CACHING YES is only valid when tracking is enabled in OPTIN mode."
	errCachingNo   command.Error = "ERR CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode."
)

func (d *Deps) clientTracking() *command.Spec {
	return &command.Spec{
		Name: "tracking", Arity: -3, Flags: anytime, Since: "6.0.0", Complexity: "O(1). Some options may introduce additional complexity.",
		Summary: "Tells the connection when keys change that it may hold copies of.",
		Syntax: "status:<ON | OFF> [REDIRECT client-id:integer] [PREFIX prefix [PREFIX prefix ...]] " +
			"[BCAST] [OPTIN] [OPTOUT] [NOLOOP]",
		Run: func(c *command.Ctx) error {
			o, err := d.parseTracking(c)
			if err != nil {
				return err
			}
			on, err := onOff(c, 2)
			if err != nil {
				return err
			}
			if !on {
				d.Tracking.Off(c.Session)
			} else if err := d.Tracking.On(c.Session, o); err != nil {
				return command.Error("ERR " + err.Error())
			}
			c.Out.OK()
			return nil
		},
	}
}

func (d *Deps) parseTracking(c *command.Ctx) (o tracking.Options, err error) {
	for i := 3; i < len(c.Args); i++ {
		more := i+1 < len(c.Args)
		switch {
		case c.Is(i, "REDIRECT") && more:
			i++
			if o.Redirect != 0 {
				return o, errOneRedirect
			}
			id, err := c.Int(i)
			if err != nil {
				return o, err
			}
			// It may go away later, but to name one that is not there is a mistake.
			if s, ok := d.Clients.Get(uint64(id)); !ok || s.Killed() {
				return o, errRedirectTo
			}
			o.Redirect = uint64(id)
		case c.Is(i, "BCAST"):
			o.BCast = true
		case c.Is(i, "OPTIN"):
			o.OptIn = true
		case c.Is(i, "OPTOUT"):
			o.OptOut = true
		case c.Is(i, "NOLOOP"):
			o.NoLoop = true
		case c.Is(i, "PREFIX") && more:
			i++
			o.Prefixes = append(o.Prefixes, string(c.Args[i]))
		default:
			return o, command.ErrSyntax
		}
	}
	return o, nil
}

var clientCaching = &command.Spec{
	Name: "caching", Arity: 3, Flags: anytime, Since: "6.0.0", Complexity: "O(1)",
	Summary: "In OPTIN or OPTOUT mode, says whether the keys of the next command are tracked.", Syntax: "mode:<YES | NO>",
	Run: func(c *command.Ctx) error {
		t := c.Session.Tracking
		if t == nil {
			return errCaching
		}
		yes, err := yesNo(c, 2)
		switch {
		case err != nil:
			return err
		case yes && !t.OptIn:
			return errCachingYes
		case !yes && !t.OptOut:
			return errCachingNo
		}
		t.Caching = true
		c.Out.OK()
		return nil
	},
}

var clientGetRedir = &command.Spec{
	Name: "getredir", Arity: 2, Flags: anytime, Since: "6.0.0", Complexity: "O(1)",
	Summary: "Replies the id of the connection that hears of this one's tracked keys.",
	Run: func(c *command.Ctx) error {
		c.Out.Int(redirect(c.Session))
		return nil
	},
}

// redirect is the id of the session that hears for s: -1 without tracking, 0 for itself.
func redirect(s *session.Session) int64 {
	if s.Tracking == nil {
		return -1
	}
	return int64(s.Tracking.Redirect)
}

var clientTrackingInfo = &command.Spec{
	Name: "trackinginfo", Arity: 2, Flags: anytime, Since: "6.2.0", Complexity: "O(1)",
	Summary: "Describes the tracking of the connection.",
	Run: func(c *command.Ctx) error {
		c.Out.Map(3)
		c.Out.BulkString("flags")
		flags := trackingFlags(c.Session)
		c.Out.Set(len(flags))
		for _, f := range flags {
			c.Out.BulkString(f)
		}
		c.Out.BulkString("redirect")
		c.Out.Int(redirect(c.Session))
		c.Out.BulkString("prefixes")
		var prefixes []string
		if t := c.Session.Tracking; t != nil {
			prefixes = t.Prefixes
		}
		c.Out.Array(len(prefixes))
		for _, p := range prefixes {
			c.Out.BulkString(p)
		}
		return nil
	},
}

func trackingFlags(s *session.Session) []string {
	t := s.Tracking
	if t == nil {
		return []string{"off"}
	}
	out := []string{"on"}
	for _, f := range []struct {
		is   bool
		name string
	}{
		{t.BCast, "bcast"},
		{t.OptIn, "optin"}, {t.OptIn && t.Caching, "caching-yes"},
		{t.OptOut, "optout"}, {t.OptOut && t.Caching, "caching-no"},
		{t.NoLoop, "noloop"},
		{s.HasFlag(session.FlagBrokenRedirect), "broken_redirect"},
	} {
		if f.is {
			out = append(out, f.name)
		}
	}
	return out
}
