// Package stringcmd holds the commands of strings.
package stringcmd
