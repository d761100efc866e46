// Package layers holds the rules of docs/architecture.md as tests: who may import whom, who may read the clock, how long a
// file and a function may be. A rule that is broken is reported with its reason. It has no code of its own, and nothing
// imports it.
package layers
