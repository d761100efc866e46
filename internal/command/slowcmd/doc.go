// Package slowcmd holds the commands that tell what took long: SLOWLOG and LATENCY.
package slowcmd
