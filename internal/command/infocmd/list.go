package infocmd

import "github.com/curfewkv/curfew/internal/command"

// Specs are the commands of the family. table is a function because the table is built from this family among others.
func Specs(table func() *command.Table) []*command.Spec {
	return []*command.Spec{(family{table}).command(), lolwut}
}

// family is what the commands share.
type family struct{ table func() *command.Table }

const flags = command.Loading | command.Stale

func (f family) command() *command.Spec {
	const (
		ofAll       = "O(N), N being the number of commands of the server"
		ofAsked     = "O(N), N being the number of commands asked for"
		ofArguments = "O(N), N being the number of arguments of the command"
		unordered   = "nondeterministic_output_order"
	)
	subcommands := []*command.Spec{
		{
			Name: "count", Arity: 2, Since: "2.8.13", Complexity: "O(1)",
			Summary: "Counts the commands of the server.",
			Run:     f.runCount,
		},
		{
			Name: "docs", Arity: -2, Since: "7.0.0", Complexity: ofAsked, Tips: unordered,
			Summary: "Describes commands for people: what they do, since when, with what arguments.",
			Syntax:  "[command-name [command-name ...]]",
			Run:     f.runDocs,
		},
		{
			Name: "getkeys", Arity: -3, Since: "2.8.13", Complexity: ofArguments,
			Summary: "Finds the keys in the arguments of a command.",
			Syntax:  "command [arg [arg ...]]",
			Run:     f.runGetKeys,
		},
		{
			Name: "getkeysandflags", Arity: -3, Since: "7.0.0", Complexity: ofArguments,
			Summary: "Finds the keys in the arguments of a command, and what it does with each.",
			Syntax:  "command [arg [arg ...]]",
			Run:     f.runGetKeysAndFlags,
		},
		{
			Name: "info", Arity: -2, Since: "2.8.13", Complexity: ofAsked, Tips: unordered,
			Summary: "Describes commands for clients: arity, flags, keys, categories.",
			Syntax:  "[command-name [command-name ...]]",
			Run:     f.runInfo,
		},
		{
			Name: "list", Arity: -2, Since: "7.0.0", Complexity: ofAll, Tips: unordered,
			Summary: "Lists the names of the server's commands, all or some.",
			Syntax:  "[FILTERBY <MODULE module-name | ACLCAT category | PATTERN pattern>]",
			Run:     f.runList,
		},
		command.HelpSpec("COMMAND", flags, "5.0.0", help...),
	}
	for _, s := range subcommands {
		s.Flags, s.Categories = flags, "@connection"
	}
	return &command.Spec{
		Name: "command", Arity: -1, Flags: flags, Group: "server", Since: "2.8.13", Categories: "@connection",
		Complexity: ofAll, Tips: unordered,
		Summary:     "Describes all commands for clients: arity, flags, keys, categories.",
		Run:         f.runAll,
		Subcommands: subcommands,
	}
}
