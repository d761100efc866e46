// Package stringcmd holds the commands of strings, and GETBIT and SETBIT, which take a string as an array of bits.
package stringcmd
