// Package rule holds the rules about key lifetimes: their codes and texts, and how the Redis commands of one function,
// in the order of the source, break them.
//
// It knows commands and keys, and no language: package ttllint brings it the commands of Go programs, and others may
// bring those of Python, JavaScript or scripts. A front end turns calls into operations (Parse knows the arguments of
// every command that writes keys), gives them to Check, and places the findings.
//
// It is not a Redis client and runs nothing. Pure functions; anyone may import it.
package rule
