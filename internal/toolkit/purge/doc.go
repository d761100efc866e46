// Package purge removes keys: by pattern, by what is left of their TTL, by how long nobody used them, or by tag.
//
// Keys go by UNLINK, which frees their memory beside the server's work, one pipeline a page. Where a key is judged by
// its TTL or its use, a script judges and removes it in one step, so that a key that was renewed meanwhile stays.
//
// It is not for what expires by itself, and it does not empty a database: FLUSHDB ASYNC is one command.
package purge
