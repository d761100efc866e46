package conncmd

import (
	"github.com/curfewkv/curfew/internal/command"
	"github.com/curfewkv/curfew/internal/session"
)

// clientType is the type of a connection as CLIENT LIST and CLIENT KILL filter by it.
type clientType uint8

const (
	anyType clientType = iota
	normal
	master
	replica
	pubSub
)

const typeSyntax = "TYPE client-type:<NORMAL | MASTER | REPLICA | PUBSUB>"

// parseType reads the name of a type.
func parseType(c *command.Ctx, i int) (clientType, error) {
	switch {
	case c.Is(i, "NORMAL"):
		return normal, nil
	case c.Is(i, "MASTER"):
		return master, nil
	case c.Is(i, "REPLICA"), c.Is(i, "SLAVE"):
		return replica, nil
	case c.Is(i, "PUBSUB"):
		return pubSub, nil
	}
	return anyType, command.Errorf("ERR Unknown client type '%s'", c.Args[i])
}

// is reports whether s is of the type. There are neither masters nor replicas; a client that monitors is normal.
func (t clientType) is(s *session.Session) bool {
	switch t {
	case anyType:
		return true
	case normal:
		return !s.HasFlag(session.FlagPubSub)
	case pubSub:
		return s.HasFlag(session.FlagPubSub)
	}
	return false
}
