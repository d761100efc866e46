// Package pubsubcmd holds the commands of publish and subscribe: SUBSCRIBE and its like, PUBLISH, PUBSUB.
//
// # Announcements
//
// What SUBSCRIBE and UNSUBSCRIBE say is no reply but a message, sent even when replies are off, and must stand in order
// with the published messages. So it goes to the session's mailbox like them, where the dispatcher collects it before the
// next command runs. Inside EXEC it is written at its place in EXEC's reply.
package pubsubcmd
