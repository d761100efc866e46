package keycmd_test

import (
	"testing"

	"github.com/curfewkv/curfew/internal/command/commandtest"
)

const scripts = "testdata/*.txt"

// lazily makes a server with lazyfree-lazy-user-flush on or off.
func lazily(t testing.TB, lazyFlush bool) *commandtest.Server {
	s := commandtest.New(t)
	s.Keys.LazyUserFlush.Override(lazyFlush)
	return s
}

func fresh(t testing.TB) *commandtest.Server { return lazily(t, false) }

func TestCommandsAnswerAsTheScriptsSay(t *testing.T) { commandtest.RunScripts(t, scripts, fresh) }

func TestRedisAnswersAsTheScriptsSay(t *testing.T) { commandtest.CompareWithRedis(t, scripts) }
