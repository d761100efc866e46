package sessiontest

import (
	"strconv"
	"sync/atomic"
	"testing"
	"time"
)

// Run runs the scripts that the pattern names, each case on a server that fresh makes.
func Run(t *testing.T, pattern string, fresh func(testing.TB) *Server) {
	for _, c := range load(t, pattern) {
		t.Run(c.name, func(t *testing.T) {
			s := fresh(t)
			conns, ids := map[string]*Conn{}, map[string]string{}
			for _, st := range c.steps {
				if st.directive {
					s.direct(st)
					continue
				}
				conn := conns[st.conn]
				if conn == nil {
					conn = s.Connect()
					conns[st.conn], ids[st.conn] = conn, strconv.FormatUint(conn.ID, 10)
				}
				if len(st.args) > 0 {
					conn.Send(fill(st.args, ids)...)
				}
				got := conn.Receive()
				if len(got) < len(st.want) && conn.waitOut() {
					got = append(got, conn.Receive()...)
				}
				judge(t, "the server", st, ids, got)
			}
			for name, conn := range conns {
				if got := conn.Receive(); len(got) > 0 {
					t.Errorf("%s was sent more: %q", name, got)
				}
			}
			s.checkEmpty(conns)
		})
	}
}

// checkEmpty closes all connections and checks that no service remembers them.
func (s *Server) checkEmpty(conns map[string]*Conn) {
	s.t.Helper()
	for name, c := range conns {
		c.Close()
		for _, name := range []*atomic.Pointer[string]{&c.Public.Name, &c.Public.LibName, &c.Public.LibVer} {
			c.SetText(name, nil)
		}
		if n := c.Public.Kept.Load(); n != 0 {
			s.t.Errorf("services still keep %d bytes for %s", n, name)
		}
	}
	channels, patterns, shards, subscribers := s.PubSub.Counts()
	watching, watched := s.Watch.Counts()
	trackers, _, _, prefixes := s.Tracking.Counts()
	left := []int64{channels, patterns, shards, subscribers, watching, watched, trackers, prefixes,
		int64(s.Sessions.Len()), int64(s.Pause.Waiting())}
	for i, n := range left {
		if n != 0 {
			s.t.Errorf("after all have left: count %d is %d", i, n)
		}
	}
	if s.Monitor.Active() {
		s.t.Error("after all have left, there is a monitor")
	}
}

func (s *Server) direct(st step) {
	s.t.Helper()
	switch st.args[0] {
	case "@here":
	case "@advance":
		d, err := time.ParseDuration(st.args[1])
		if err != nil {
			s.t.Fatalf("%s: %v", st.at, err)
		}
		s.Clock.Advance(d)
	case "@password":
		s.Keys.Password.Override(st.args[1])
	case "@slow":
		s.Keys.SlowerThan.Override(s.number(st))
	case "@tracked":
		s.Keys.TrackingKeys.Override(s.number(st))
		for s.Tracking.Trim(100) {
		}
	default:
		s.t.Fatalf("%s: there is no directive %s", st.at, st.args[0])
	}
}

// number is the argument of a directive.
func (s *Server) number(st step) int64 {
	s.t.Helper()
	n, err := strconv.ParseInt(st.args[1], 10, 64)
	if err != nil {
		s.t.Fatalf("%s: %v", st.at, err)
	}
	return n
}
