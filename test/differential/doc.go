// Package differential sends the same commands to redis-server and to Curfew and compares the replies byte by byte.
//
// What is compared:
//   - TestCommands, TestMixed and TestTransactions: generated sequences over two connections, in several databases,
//     both protocols, with pipelines, transactions and broken arguments. A failing sequence is shrunk and printed,
//     with the seed that makes it again. The keyspace notifications of a sequence are compared too, in their order.
//   - TestPubSub: generated subscriptions and messages, as each subscriber sees them.
//   - TestEdgeCases: sequences written by hand, one file per family in testdata, mostly for error texts.
//
// What may differ stands in rules.go, one named rule each with the reason; a deliberate deviation of Curfew also
// stands in docs/differences.md. Nothing else may differ.
//
// The grammar of the commands is a table of text, commands_test.go; adding a command is adding its line.
//
// CURFEW_DIFF_SECONDS is the time for the generated sequences (default 6, `make test` takes 60). Everything in this
// package is test code.
package differential
