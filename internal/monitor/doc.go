// Package monitor shows every command that is run to the sessions that asked for it (MONITOR), and hides the secrets among
// their arguments, for the slow log too.
//
// A Feed encodes each command once and hands the line to the mailboxes. All monitors see the same order. It does not decide
// which commands are shown: administrative ones are not, which is the caller's to know.
package monitor
