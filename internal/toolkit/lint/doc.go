// Package lint finds writes to Redis without a lifetime in folders of source code: in Go by the analyzer of package
// ttllint, in Python (redis-py) and in JavaScript and TypeScript (ioredis, node-redis) by patterns. It reports in the
// forms that people, GitHub and code scanning read, and knows a baseline of findings that were accepted before.
//
// Python and JavaScript are read by tokenizers of our own, for want of parsers: those in pure Go stop at ES6 and know no
// TypeScript, and the others need cgo and a grammar for each language. What the rules need of a program is in its tokens:
// which brackets belong together, what is a string or a comment, which calls are made on what and with which arguments,
// what a name was set to, and which branch or function a line is in. A file that the tokenizer cannot follow, a broken
// one or one with syntax that nobody has thought of, gives fewer findings and never an error.
//
// Without types, a client is known by what a name was set to (redis.Redis(...), new Redis(...), createClient(...), a
// pipeline of a client), by its annotation, or by a usual name in a file that imports a Redis library. Names that are
// set to something else are never clients, so a Map's set is nobody's finding.
//
// It is called by `curfew ttl lint`, and talks to no server.
package lint
