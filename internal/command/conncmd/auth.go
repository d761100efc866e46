package conncmd

import (
	"crypto/subtle"

	"github.com/curfewkv/curfew/internal/command"
)

const (
	errWrongPass  command.Error = "WRONGPASS invalid username-password pair or user is disabled."
	errNoPassword command.Error = "ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?"
)

// defaultUser is the only user there is.
const defaultUser = "default"

func (d *Deps) auth() *command.Spec {
	return &command.Spec{
		Name: "auth", Arity: -2, Flags: handy, Group: "connection", Since: "1.0.0",
		Complexity: "O(1)", Summary: "Gives the password that the other commands require.", Syntax: "[username] password",
		Run: func(c *command.Ctx) error {
			if len(c.Args) > 3 {
				return command.ErrSyntax
			}
			user := []byte(defaultUser)
			if len(c.Args) == 3 {
				user = c.Args[1]
			} else if d.Password() == "" {
				return errNoPassword
			}
			if err := d.authenticate(c, user, c.Args[len(c.Args)-1]); err != nil {
				return err
			}
			c.Out.OK()
			return nil
		},
	}
}

// authenticate lets the session in, or refuses and leaves it as it was.
func (d *Deps) authenticate(c *command.Ctx, user, password []byte) error {
	want := d.Password()
	if string(user) != defaultUser || want != "" && subtle.ConstantTimeCompare(password, []byte(want)) == 0 {
		return errWrongPass
	}
	c.Session.Authenticated = true
	return nil
}

// authenticated reports whether the session may run commands.
func (d *Deps) authenticated(c *command.Ctx) bool {
	return c.Session.Authenticated || d.Password() == ""
}
