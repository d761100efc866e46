// Package pubsub delivers published messages to the sessions that subscribed to their channel.
//
// A Registry is the reverse index of session.Subscriptions: which sessions hear a channel, a pattern or a shard channel.
// Messages go to the sessions' mailboxes, so publishing does no I/O. A Notifier is a consumer of the journal that publishes
// keyspace notifications.
//
// # Order
//
// All subscribers of a channel hear its messages in the same order: the channel's lock is held while a message is handed
// out. Different channels have (nearly always) different locks, so publishing scales over them; there is no order between
// channels. A session hears nothing of a channel before its subscription is announced and nothing after its end is.
//
// # Locks
//
// The locks are leaves but for the mailboxes': channels, then patterns, then mailbox. Publish may be called under the
// locks of the keyspace.
//
// It is not: a parser of commands, a writer of replies to SUBSCRIBE and its like; that is pubsubcmd.
package pubsub
