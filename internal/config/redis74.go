package config

import (
	"errors"
	"math"
	"strings"
)

// DeclareRedis74 declares every directive of Redis 7.4 that has not been
// declared yet, with Redis's type, default and bounds, so that any redis.conf
// loads. Call it last: what an owner declared before is left alone. What it
// declares itself is remembered, shown and rewritten, and has no other effect.
//
// It returns the directives that are no keys; see FileDirectives.
func DeclareRedis74(r *Registry) *FileDirectives {
	d := rest{r}
	d.network()
	d.general()
	d.memory()
	d.persistence()
	d.replication()
	d.cluster()
	d.tls()
	d.encodings()
	d.process()
	d.observation()
	return d.directives()
}

// FileDirectives are the lines of the loaded files that are not keys. An owner
// that declares one of them before DeclareRedis74 gets its lines instead.
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
	noACL         = "there is no access control list, whoever may connect may do everything; requirepass is obeyed"
	noDefrag      = "freed memory is reused across sizes and given back without defragmentation"
	noMalloc      = "the server does not use jemalloc"
	noThreads     = "the server runs one event loop for each core"
	noFork        = "snapshots do not fork"
	noOwner       = "the service manager's own setting serves"
)

// rest declares what nobody has declared.
type rest struct{ r *Registry }

// owned reports whether name has an owner. The owner's key then gets the aliases
// and the description that it did not think of.
func (d rest) owned(name string, opts []Option) bool {
	e := d.r.byName[name]
	if e == nil {
		return false
	}
	var ours entry
	for _, o := range opts {
		o(&ours)
	}
	for _, a := range ours.aliases {
		if d.r.byName[a] == nil {
			d.r.byName[a] = e
			e.aliases = append(e.aliases, a)
		}
	}
	if e.doc == "" {
		e.doc = ours.doc
	}
	return true
}

func (d rest) bool(name string, def bool, opts ...Option) {
	if !d.owned(name, opts) {
		d.r.Bool(name, def, opts...)
	}
}

func (d rest) int(name string, def, min, max int64, opts ...Option) {
	if !d.owned(name, opts) {
		d.r.Int(name, def, min, max, opts...)
	}
}

func (d rest) octal(name string, def, min, max int64, opts ...Option) {
	if !d.owned(name, opts) {
		d.r.Octal(name, def, min, max, opts...)
	}
}

func (d rest) mem(name string, def, min, max int64, opts ...Option) {
	if !d.owned(name, opts) {
		d.r.Memory(name, def, min, max, opts...)
	}
}

func (d rest) memPercent(name string, def, maxPercent, max int64, opts ...Option) {
	if !d.owned(name, opts) {
		d.r.MemoryOrPercent(name, def, maxPercent, max, opts...)
	}
}

func (d rest) enum(name, def string, values []string, opts ...Option) {
	if !d.owned(name, opts) {
		d.r.Enum(name, def, values, opts...)
	}
}

func (d rest) str(name, def string, opts ...Option) {
	if !d.owned(name, opts) {
		d.r.String(name, def, opts...)
	}
}

// special declares a key that has a declaring method of its own.
func special[T any](d rest, name string, declare func(...Option) T, opts ...Option) {
	if !d.owned(name, opts) {
		declare(opts...)
	}
}

const (
	maxInt  = math.MaxInt32
	maxLong = math.MaxInt64
)

func (d rest) directives() *FileDirectives {
	f := new(FileDirectives)
	d.directive("user", func(args []string) error {
		if len(args) == 0 {
			return errDirective
		}
		f.Users = append(f.Users, args)
		d.r.unknown = append(d.r.unknown, "'user "+args[0]+"' is ignored: "+noACL) // its rules may hold a password
		return nil
	}, "Declares an ACL user: a name and rules.")
	d.directive("rename-command", func(args []string) error {
		if len(args) != 2 {
			return errDirective
		}
		f.Renames = append(f.Renames, [2]string{args[0], args[1]})
		return nil
	}, "Gives a command another name, or with an empty name removes it.")
	d.directive("loadmodule", func(args []string) error {
		if len(args) == 0 {
			return errDirective
		}
		f.Modules = append(f.Modules, args)
		d.r.unknown = append(d.r.unknown, "'loadmodule "+args[0]+"' is ignored: "+noModules)
		return nil
	}, "Accepted and ignored: "+noModules+".")
	return f
}

func (d rest) directive(name string, set func([]string) error, doc string) {
	if d.r.directives[name] == nil {
		d.r.Directive(name, set, nil, doc)
	}
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
