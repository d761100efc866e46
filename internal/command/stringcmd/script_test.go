package stringcmd_test

import (
	"testing"

	"github.com/curfewkv/curfew/internal/command/commandtest"
)

const scripts = "testdata/*.txt"

func fresh(t testing.TB) *commandtest.Server { return commandtest.New(t) }

func TestCommandsAnswerAsTheScriptsSay(t *testing.T) { commandtest.RunScripts(t, scripts, fresh) }

func TestRedisAnswersAsTheScriptsSay(t *testing.T) { commandtest.CompareWithRedis(t, scripts) }
