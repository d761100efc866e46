package keycmd_test

import (
	"testing"

	"github.com/curfewkv/curfew/internal/command/commandtest"
	"github.com/curfewkv/curfew/internal/command/keycmd"
	"github.com/curfewkv/curfew/internal/command/lifecmd"
	"github.com/curfewkv/curfew/internal/command/stringcmd"
)

const scripts = "testdata/*.txt"

// maxBulk is Redis's default limit of strings.
func maxBulk() int64 { return 512 << 20 }

// lazily makes a server with the family and those that its tests look at keys with.
func lazily(t testing.TB, lazyFlush bool) *commandtest.Server {
	return commandtest.New(t, stringcmd.Specs(maxBulk), keycmd.Specs(func() bool { return lazyFlush }), lifecmd.Specs())
}

func fresh(t testing.TB) *commandtest.Server { return lazily(t, false) }

func TestCommandsAnswerAsTheScriptsSay(t *testing.T) { commandtest.RunScripts(t, scripts, fresh) }

func TestRedisAnswersAsTheScriptsSay(t *testing.T) { commandtest.CompareWithRedis(t, scripts) }
