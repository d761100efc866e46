// Package config is the server's configuration: every key is declared once,
// by the package that uses it, and that declaration feeds the file parser, the
// command line, CONFIG GET, SET and REWRITE, and the generated documentation.
//
// A Registry is built explicitly where the server is wired together. There is
// no package-level state and no init(): two servers in one process, or two
// tests, have two registries. Owners declare their keys; DeclareRedis74 declares
// those directives of a Redis 7.4 redis.conf that have none, so that an existing
// file loads unchanged.
//
// # Life of a value
//
//	declare -> load (files, standard input, command line) -> serve
//
// Declaring and loading happen on one goroutine, before the registry is shared.
// From then on Set and Rewrite may be called from anywhere (one mutex makes
// them one at a time), and reads need no lock: a handle's Get is one atomic
// load.
//
// # What a change runs
//
//	Validate  a load and CONFIG SET: may refuse the new value
//	OnSet     CONFIG SET only, before anything is visible: may refuse
//	OnApply   CONFIG SET only, when all values of the command are visible; an
//	          error takes every one of them back and runs the hooks again
//
// Hooks run with the registry's mutex held and must not call Set or Rewrite.
//
// # Where it differs from Redis 7 on purpose
//
//   - An unknown key in a file is a warning; on the command line it is an error.
//   - A # that begins a word behind a value begins a comment.
//   - A number of bytes without digits, or that does not fit 63 bits, is refused
//     where Redis takes 0 or cuts it; t and tb are units.
//   - notify-keyspace-events shows the n behind an A, so that it survives a
//     rewrite. A key and its alias in one CONFIG SET are a duplicate.
//   - CONFIG REWRITE leaves lines that it does not know and lines that are right
//     already; its values win over included files; a link to the file stays.
//
// # What it is not
//
// It knows no sockets, clients or commands, and it logs nothing: what a load
// found odd is returned by Warnings. Errors meant for a client (Set, Rewrite)
// carry the reply's text with its ERR prefix; a load's errors are LoadErrors,
// whose Fatal method renders Redis's start-up message.
package config
