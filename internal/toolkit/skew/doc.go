// Package skew judges whether the clocks of servers are near enough to each other for deadlines to mean the same
// everywhere: it measures by package lifetime, and says what is proven, what is possible and what is within the error.
//
// It is what `curfew ttl clock` does, and the exporter and the watch use it. It corrects no clock.
package skew
