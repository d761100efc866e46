package server

import (
	"cmp"
	"slices"

	"github.com/curfewkv/curfew/internal/config"
	"github.com/curfewkv/curfew/internal/session"
)

// leastClientMemory is the lowest limit that is kept: below it a server would close every client.
const leastClientMemory = 128 << 10

// clientLimit is how many bytes all clients together may take, 0 for no limit.
func (s *Server) clientLimit() int64 {
	n := s.settings.clientMemory.Of(s.settings.maxMemory.Get())
	if n <= 0 {
		return 0
	}
	return max(n, leastClientMemory)
}

// account sets how much memory a session takes, as part of the memory in use. Safe for concurrent use: whoever decides that
// a client has to go accounts it as gone, so that no other gives way for it too while its loop is still to close it.
func (s *Server) account(c *session.Session, bytes int64) {
	s.keyspace.AddExternal(bytes - c.Public.Memory.Swap(bytes))
}

// strangerQuery is how many bytes of requests a client may have unprocessed before it has given the password.
const strangerQuery = 1 << 20

// queryLimit is how many bytes of requests a client may have unprocessed.
func (s *Server) queryLimit(c *session.Session) int64 {
	limit := s.settings.queryLimit.Get()
	if !c.Authenticated && s.settings.password.Get() != "" {
		limit = min(limit, strangerQuery)
	}
	return limit
}

// claim is how much memory a session took when it was asked.
type claim struct {
	s     *session.Session
	bytes int64
}

// boundClients closes the clients that take the most memory while all of them take more than maxmemory-clients, so that
// those which do not read their replies or end their requests cost neither data nor other clients. Safe for concurrent use.
func (s *Server) boundClients() {
	limit := s.clientLimit()
	if limit == 0 || s.keyspace.External() < limit {
		return
	}
	s.bounding.Lock()
	defer s.bounding.Unlock()
	over := s.keyspace.External() - limit
	var claims []claim
	s.sessions.Each(func(c *session.Session) {
		if !c.Killed() && !c.HasFlag(session.FlagNoEvict) && classOf(c) != config.ReplicaClients {
			claims = append(claims, claim{c, c.Public.Memory.Load()})
		}
	})
	slices.SortFunc(claims, func(a, b claim) int { return cmp.Compare(b.bytes, a.bytes) })
	for _, c := range claims {
		if over < 0 {
			return
		}
		s.log.Info("Evicting client", "client", c.s.Addr, "id", c.s.ID, "bytes", c.bytes)
		s.stats.evictedClients.Add(1)
		c.s.Kill()
		s.account(c.s, 0)
		over -= c.bytes
	}
}
