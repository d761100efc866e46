// Package tagchurn holds the test of package lifetime's Tags against the leak that hand-made tag sets have: two simulated
// days of values that come and go. It is a package of its own because it takes as long as some other packages together.
package tagchurn
