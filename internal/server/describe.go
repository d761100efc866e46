package server

import (
	"github.com/curfewkv/curfew/internal/command"
	"github.com/curfewkv/curfew/internal/config"
)

// Describe returns the commands and configuration keys of a server with its defaults, for the reference and for tests. The
// server is built and taken apart again: the commands are there to be looked at, not to be run.
func Describe() (*command.Table, *config.Registry, error) {
	s, err := New(nil)
	if err != nil {
		return nil, nil, err
	}
	for _, l := range s.loops {
		l.close()
	}
	s.keyspace.Close()
	return s.table, s.config, s.logFile.Close()
}
