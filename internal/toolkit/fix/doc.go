// Package fix gives a TTL to keys that have none, and takes it back again.
//
// Every key gets its deadline by one command that the server refuses when the key has a TTL by then, so nothing is shortened
// and no writer is raced. A deadline is an instant, chosen here by the server's clock: that makes what this tool did
// recognizable afterwards, when a reply was lost, a run was killed, or all is to be undone.
//
// It does not look for keys to fix, which is audit's work, and does not stay running, which is watch's.
package fix
