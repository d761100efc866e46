// Package servercmd holds the commands about the server itself: CONFIG, INFO, COMMAND, MEMORY, DEBUG, CLUSTER and others.
// What they need of the server is handed to Specs; the package knows no sockets.
package servercmd
