package server

import (
	"github.com/curfewkv/curfew/internal/command"
	"github.com/curfewkv/curfew/internal/config"
	"github.com/curfewkv/curfew/internal/node"
)

// Describe returns the commands and configuration keys of a server with its defaults, for the reference and for tests: the
// commands are there to be looked at, not to be run.
func Describe() (*command.Table, *config.Registry, error) {
	s, _ := newServer()
	n, err := node.New(node.Options{Config: s.config, Keys: s.settings.Keys, Clock: s.clock})
	if err != nil {
		return nil, nil, err
	}
	n.Close()
	return n.Table, s.config, nil
}

// Configuration returns the configuration keys of a server with their defaults, for tests and tools that load a file without
// starting one. A change to a value changes nothing else.
func Configuration() *config.Registry {
	s, _ := newServer()
	return s.config
}
