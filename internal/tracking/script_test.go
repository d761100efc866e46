package tracking_test

import (
	"strings"
	"testing"

	"github.com/curfewkv/curfew/internal/session/sessiontest"
	"github.com/curfewkv/curfew/resp"
)

const scripts = "testdata/*.txt"

func fresh(t testing.TB) *sessiontest.Server { return sessiontest.New(t) }

func TestClientsAreToldWhatTheScriptsSay(t *testing.T) { sessiontest.Run(t, scripts, fresh) }

// Redis sends it right behind the reply, too.
func TestTheOwnFlushIsToldOfInItsPlaceInAPipeline(t *testing.T) {
	s := fresh(t)
	c := s.Connect()
	c.Do("HELLO", "3")
	c.Do("CLIENT", "TRACKING", "ON")
	var in []byte
	for _, words := range []string{"FLUSHALL", "GET k", "MULTI", "FLUSHDB", "GET k", "EXEC", "PING"} {
		in = resp.AppendCommand(in, strings.Fields(words)...)
	}
	s.Dispatch.Worker(0).Process(c.Session, in)
	const told = ">2\r\n$10\r\ninvalidate\r\n_\r\n"
	want := "+OK\r\n" + told + "_\r\n+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n+OK\r\n_\r\n" + told + "+PONG\r\n"
	if got := string(c.Out.Buf); got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestRedisAnswersAsTheScriptsSay(t *testing.T) { sessiontest.CompareWithRedis(t, scripts) }
