// Package resptest gives tests a real redis-server to compare with. Only tests
// import it; where the machine has no redis-server they are skipped.
package resptest
