package config

import (
	"errors"
	"math"
	"strings"
)

// DeclareRedis74 declares every directive of Redis 7.4 that no part of this server reads, with Redis's type, default and
// bounds, so that any redis.conf loads. What it declares is remembered, shown and rewritten, and has no other effect. A key
// that gets an owner moves from here to the owner's declarations: a name declared twice is a panic.
//
// It returns the directives that are no keys.
func DeclareRedis74(r *Registry) *FileDirectives {
	networkKeys(r)
	generalKeys(r)
	memoryKeys(r)
	persistenceKeys(r)
	replicationKeys(r)
	clusterKeys(r)
	tlsKeys(r)
	encodingsKeys(r)
	processKeys(r)
	observationKeys(r)
	return directives(r)
}

// FileDirectives are the lines of the loaded files that are not keys.
type FileDirectives struct {
	Users   [][]string // "user" lines: a name and ACL rules
	Renames [][2]string
	Modules [][]string // "loadmodule" lines
}

// Why keys without an owner do nothing.
const (
	unowned = "no part of this server reads it"

	noPersistence = "nothing is written to disk: all data is lost when the server stops"
	noReplication = "there is no replication: this server is nobody's replica and has none"
	noCluster     = "there is no cluster mode: this server stands alone"
	noTLS         = "there is no TLS: connections are not encrypted"
	noModules     = "modules are not supported"
	noACL         = "there is no access control list: every client that may connect may do everything; requirepass is obeyed"
	noTuning      = "defragmentation starts where pages are sparse and takes at most a tenth of a loop's time"
	noSampling    = "keys are removed at their deadline, not by sampling"
	noSamples     = "the candidates for eviction are chosen at the quality of the exact policy"
	noTenacity    = "room is made before a command runs, whatever it takes"
	alwaysLazy    = "large values are always freed off the request path"
	noMalloc      = "the server does not use jemalloc"
	noThreads     = "the server runs one event loop for each core"
	noFork        = "snapshots do not fork"
	noOwner       = "the service manager's own setting serves"
)

const (
	maxInt  = math.MaxInt32
	maxLong = math.MaxInt64
)

func directives(r *Registry) *FileDirectives {
	f := new(FileDirectives)
	r.Directive("user", func(args []string) error {
		if len(args) == 0 {
			return errDirective
		}
		f.Users = append(f.Users, args)
		r.unknown = append(r.unknown, "'user "+args[0]+"' is ignored: "+noACL) // its rules may hold a password
		return nil
	}, nil, "Declares an ACL user: a name and rules.")
	r.Directive("rename-command", func(args []string) error {
		if len(args) != 2 {
			return errDirective
		}
		f.Renames = append(f.Renames, [2]string{args[0], args[1]})
		return nil
	}, nil, "Gives a command another name, or with an empty name removes it.")
	r.Directive("loadmodule", func(args []string) error {
		if len(args) == 0 {
			return errDirective
		}
		f.Modules = append(f.Modules, args)
		r.unknown = append(r.unknown, "'loadmodule "+args[0]+"' is ignored: "+noModules)
		return nil
	}, nil, "Accepted and ignored: "+noModules+".")
	return f
}

// fileName is the check of keys that name a file without its folder. what is
// Redis's word for it.
func fileName(key, what string, mayBeEmpty bool) Option {
	return Validate(func(s string) error {
		switch {
		case s == "" && !mayBeEmpty:
			return errors.New(key + " can't be empty")
		case strings.Contains(s, "/"):
			return errors.New(key + " can't be a path, just a " + what)
		}
		return nil
	})
}
