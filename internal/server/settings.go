package server

import (
	"github.com/curfewkv/curfew/internal/config"
	"github.com/curfewkv/curfew/internal/loop"
	"github.com/curfewkv/curfew/internal/node"
)

// settings are the configuration keys of the node and those that the server itself reads.
type settings struct {
	*node.Keys
	port, timeout, keepalive, maxClients *config.Int
	bind                                 *config.List
	unixSocket                           *config.String
	unixPerm                             *config.Int
	protected                            *config.Bool
	logLevel                             *config.Enum
	logFile, pidFile, dir                *config.String
	shards, loops                        *config.Int
	transport                            *config.Enum
	shutdownTimeout                      *config.Int
}

// listenHooks follow changes of the keys that say where to listen; each has its own words for a failure.
type listenHooks struct{ port, bind *config.Apply }

// declare declares the server's keys and the node's. CONFIG SET runs listen and logging when keys that they read have changed.
func declare(r *config.Registry, listen listenHooks, logging *config.Apply) *settings {
	s := &settings{
		Keys:       node.Declare(r),
		port:       r.Int("port", 6379, 0, 65535, config.OnApply(listen.port), config.Doc("TCP port; 0: none")),
		timeout:    r.Int("timeout", 0, 0, 1<<31-1, config.Doc("seconds after which an idle client is closed; 0: never")),
		keepalive:  r.Int("tcp-keepalive", 300, 0, 1<<31-1, config.Doc("seconds between TCP keepalive probes; 0: none")),
		maxClients: r.Int("maxclients", 10000, 1, 1<<32-1, config.OnSet(checkClients), config.Doc("clients that may be connected at once")),
		bind:       r.Bind(config.OnApply(listen.bind), config.Doc("addresses to listen on; a minus sign in front of one that may be missing")),
		unixSocket: r.String("unixsocket", "", config.Immutable(), config.Doc("path of a unix socket to listen on")),
		unixPerm:   r.Octal("unixsocketperm", 0, 0, 0o777, config.Immutable(), config.Doc("its permissions")),
		protected:  r.Bool("protected-mode", true, config.Doc("refuse clients from other machines while no password is set")),

		logLevel:        r.Enum("loglevel", "notice", []string{"debug", "verbose", "notice", "warning", "nothing"}, config.OnApply(logging), config.Doc("least level that is logged")),
		logFile:         r.String("logfile", "", config.Immutable(), config.Doc("file to log to; empty: standard output")),
		pidFile:         r.String("pidfile", "", config.Immutable(), config.Doc("file that holds the process id while the server runs")),
		dir:             r.String("dir", ".", config.Protected(), config.Doc("working directory"), config.OnSet(func(_, to string) error { return chdir(to) })),
		shards:          r.Int("shards", 0, 0, 64, config.Immutable(), config.Doc("lock units of the keyspace, a power of two; 0: chosen by the number of cores")),
		loops:           r.Int("event-loops", 0, 0, 256, config.Immutable(), config.Doc("event loops; 0: one for each core")),
		transport:       r.Enum("transport", loop.Transports()[0], loop.Transports(), config.Immutable(), config.Doc("how bytes travel: epoll, which only Linux has, or Go's package net")),
		shutdownTimeout: r.Int("shutdown-timeout", 10, 0, 1<<31-1, config.Doc("seconds that a stopping server waits for replies to be taken")),
	}
	return s
}
