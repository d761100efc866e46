package infocmd

var help = []string{
	"(no subcommand)",
	"    Describe all commands, as INFO does.",
	"COUNT",
	"    Count the commands of this server.",
	"DOCS [<command-name> ...]",
	"    Describe commands for people: what they do, since when, arguments. All of them",
	"    where none is named.",
	"GETKEYS <full-command>",
	"    Find the keys in a command with its arguments.",
	"GETKEYSANDFLAGS <full-command>",
	"    Find the keys in a command with its arguments, and what it does with them.",
	"INFO [<command-name> ...]",
	"    Describe commands for clients: arity, flags, keys, categories. All of them",
	"    where none is named.",
	"LIST [FILTERBY MODULE <name>|ACLCAT <category>|PATTERN <pattern>]",
	"    List the names of the commands.",
}
