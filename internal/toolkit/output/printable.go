package output

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Printable is a name of a key as it may be shown: a key can have bytes in it that tell a terminal what to do.
func Printable(key string) string {
	if key == "" {
		return "(empty)"
	}
	if strings.TrimSpace(key) == "" { // it would look like nothing
		return strconv.Quote(key)
	}
	if utf8.ValidString(key) && !strings.ContainsFunc(key, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return key
	}
	quoted := strconv.Quote(key)
	return strings.ReplaceAll(quoted[1:len(quoted)-1], `\"`, `"`)
}

// Shell is an argument as it is typed at a shell's prompt.
func Shell(arg string) string {
	if arg != "" && !strings.ContainsAny(arg, " \t\n\r'\"`*?[]<>|&;#~$(){}!\\") {
		return arg
	}
	return "'" + strings.ReplaceAll(arg, "'", `'\''`) + "'"
}
