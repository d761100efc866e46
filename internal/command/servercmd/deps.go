package servercmd

import (
	"github.com/curfewkv/curfew/internal/clock"
	"github.com/curfewkv/curfew/internal/command"
	"github.com/curfewkv/curfew/internal/config"
	"github.com/curfewkv/curfew/internal/keyspace"
)

// Deps are what the commands need. All are required.
type Deps struct {
	Config *config.Registry
	// Table is the command table; a function, because the table is built from this family among others.
	Table func() *command.Table
	Clock clock.Clock
	// Info appends the sections of INFO that are asked for; all shards are locked.
	Info func(dst []byte, tx *keyspace.Txn, sections []string) []byte
	// ResetStats resets the counters that CONFIG RESETSTAT resets, those of the keyspace excepted.
	ResetStats func()
	// Memory are the figures of MEMORY STATS; all shards are locked.
	Memory func(tx *keyspace.Txn) []MemoryFigure
	// Purge gives free pages back to the system.
	Purge func()
	// AllocatorReport is the text of MEMORY MALLOC-STATS.
	AllocatorReport func() string
	// Shutdown stops the server.
	Shutdown func()
	// Log writes a line to the server's log.
	Log func(text string)
	// RunID is the random name of this run.
	RunID string
}

// MemoryFigure is a line of MEMORY STATS: an integer, or a float when IsFloat.
type MemoryFigure struct {
	Name    string
	Int     int64
	Float   float64
	IsFloat bool
	// DB figures are nested under "db.N".
	DB []MemoryFigure
}

// Specs are the commands of the family.
func Specs(d *Deps) []*command.Spec {
	return []*command.Spec{
		configSpec(d), infoSpec(d), timeSpec(), debugSpec(d), memorySpec(d), clusterSpec(d), shutdownSpec(d), functionSpec(), role,
	}
}
