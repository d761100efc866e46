// Package articles runs the examples of four articles about Redis lifetimes, corrected, as tests: docs/articles.md maps
// them one by one. What an article does with redis-py or ioredis runs with that client here, against redis-server and
// Curfew; what it does by hand is done with the toolkit.
//
// The programs in testdata were written for these tests.
package articles
