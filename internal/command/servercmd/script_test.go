package servercmd_test

import (
	"testing"

	"github.com/curfewkv/curfew/internal/session/sessiontest"
)

const scripts = "testdata/*.txt"

func fresh(t testing.TB) *sessiontest.Server { return sessiontest.New(t) }

func TestCommandsAnswerAsTheScriptsSay(t *testing.T) { sessiontest.Run(t, scripts, fresh) }

func TestRedisAnswersAsTheScriptsSay(t *testing.T) { sessiontest.CompareWithRedis(t, scripts) }
