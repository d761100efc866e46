package command

// Version is the Redis whose commands, replies and errors are kept.
const Version = "7.4.0"
