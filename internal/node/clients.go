package node

import (
	"cmp"
	"slices"

	"github.com/curfewkv/curfew/internal/config"
	"github.com/curfewkv/curfew/internal/session"
)

// leastClientMemory is the lowest limit that is kept: below it a server would close every client.
const leastClientMemory = 128 << 10

// clientLimit is how many bytes all clients together may take, 0 for no limit.
func (n *Node) clientLimit() int64 {
	limit := n.Keys.ClientMemory.Of(n.Keys.MaxMemory.Get())
	if limit <= 0 {
		return 0
	}
	return max(limit, leastClientMemory)
}

// Account sets how much memory a session takes, as part of the memory in use. Safe for concurrent use: the loop that decides that
// a client has to go accounts it as gone, so that no other gives way for it too while its loop is still to close it.
func (n *Node) Account(c *session.Session, bytes int64) {
	grown := bytes - c.Public.Memory.Swap(bytes)
	n.clientBytes.Add(grown)
	n.Keyspace.AddExternal(grown)
}

// heldForClients is the memory in use that is not data: that of clients, and of large values that no key has any more and
// that are being sent to some of them.
func (n *Node) heldForClients() int64 { return n.Keyspace.External() + n.Keyspace.Unowned() }

// anonymousQuery is how many bytes of requests a client may have unprocessed before it has given the password.
const anonymousQuery = 1 << 20

// QueryLimit is how many bytes of requests a client may have unprocessed.
func (n *Node) QueryLimit(c *session.Session) int64 {
	limit := n.Keys.QueryLimit.Get()
	if !c.Authenticated && n.Keys.Password.Get() != "" {
		limit = min(limit, anonymousQuery)
	}
	return limit
}

// claim is how much memory a session took when it was asked.
type claim struct {
	s     *session.Session
	bytes int64
}

// BoundClients closes the clients that take the most memory while all of them take more than maxmemory-clients, so that
// those which do not read their replies or end their requests cost neither data nor other clients. Safe for concurrent use.
func (n *Node) BoundClients() {
	limit := n.clientLimit()
	if limit == 0 || n.clientBytes.Load() < limit {
		return
	}
	n.bounding.Lock()
	defer n.bounding.Unlock()
	over := n.clientBytes.Load() - limit
	var claims []claim
	n.Sessions.Each(func(c *session.Session) {
		if !c.Killed() && !c.HasFlag(session.FlagNoEvict) && ClassOf(c) != config.ReplicaClients {
			claims = append(claims, claim{c, c.Public.Memory.Load()})
		}
	})
	slices.SortFunc(claims, func(a, b claim) int { return cmp.Compare(b.bytes, a.bytes) })
	for _, c := range claims {
		if over < 0 {
			return
		}
		n.log.Info("Evicting client", "client", c.s.Addr, "id", c.s.ID, "bytes", c.bytes)
		n.Traffic.EvictedClients.Add(1)
		c.s.Kill()
		n.Account(c.s, 0)
		over -= c.bytes
	}
}

// HardLimit is the hard output limit of a session in bytes, 0 for none.
func (n *Node) HardLimit(s *session.Session) int64 { return n.Keys.OutputLimit.Get(ClassOf(s)).Hard }

// ClassOf is the session's row in client-output-buffer-limit.
func ClassOf(s *session.Session) config.ClientClass {
	if s.HasFlag(session.FlagPubSub) {
		return config.PubSubClients
	}
	return config.NormalClients
}
