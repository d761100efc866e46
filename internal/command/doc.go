// Package command defines what a command is: a Spec declares its name, arity, flags, keys and syntax, and a Run function
// carries it out on a Ctx. The sub-packages hold the commands, one family each, one small file per command; families
// never import each other.
//
// A Run function parses all of its arguments before it touches a key, reads and mutates through the transaction of its
// Ctx, and appends its reply. An error that it returns replaces whatever it replied. It knows nothing of sockets, locks,
// logging or replication: the dispatcher has locked the shards of the declared keys before, and the journal tells the
// rest of the server what changed.
//
// To add a command: write its file in its family and name it in the family's list.
package command
