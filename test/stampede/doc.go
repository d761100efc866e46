// Package stampede tests lifetime.Fetch as it is used: several processes, a thousand callers, one key that ends, and an
// origin that counts how often it is asked.
//
// The processes are copies of the test binary; the origin is an HTTP server in the test. There is nothing here but tests.
package stampede
