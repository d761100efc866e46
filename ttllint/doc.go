// Package ttllint finds writes to Redis that forget the lifetime of their keys, and other mistakes with lifetimes, in Go
// programs that use go-redis v9, rueidis or redigo.
//
// Analyzer is a go/analysis analyzer: ttllint/cmd/ttllint runs it by itself and under go vet, package plugin in golangci-lint,
// and `curfew ttl lint` together with patterns for Python and JavaScript. The rules are in package rule; docs/lint.md
// explains each.
//
// It looks at one function at a time. Clients are known by their types, constants by their values, local variables that
// are set once by what they were set to, and keys by how they are written: fmt.Sprintf("session:%s", id) in two places is
// one key. Where a value is not known (a lifetime from the configuration, arguments in a slice) it takes the program
// to be right. It does not follow keys into other functions, does not run anything, and talks to no server.
//
// Comments accept what is meant:
//
//	//ttl:durable REASON              on the line of the write or above: the key may live forever
//	//ttl:ignore CODE[,CODE] REASON   accepts other findings
//	//ttl:durable-keys PATTERN REASON anywhere in the package: keys of the pattern may live forever
//	//ttl:default-ttl-hook REASON     anywhere in the package: something gives every new key a lifetime
package ttllint
