// Package replay sends recorded cache traffic to a server as a read-through cache's clients would: GET, and after a
// miss SET with the object's size and lifetime. It measures what that traffic costs and how often it hits.
//
// Requests for one key stay in the trace's order whatever the concurrency: a key belongs to one worker, and a pipeline
// never holds a key twice. Everything sent depends on the trace and the options alone, so two servers, or two runs, get
// the same requests. It uses go-redis, the client that applications use, rather than a loop of its own.
package replay
