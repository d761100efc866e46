// Package metrics holds the server's figures. Each is declared once, by the
// package that it belongs to, and that declaration feeds INFO and the
// Prometheus exposition.
//
// A Set is built explicitly in the server's wiring; there is no package-level
// state. Declaring happens on one goroutine before the Set is shared; from then
// on every method may be called from anywhere without a lock.
//
// The package counts and formats. It knows no clock and starts no goroutine: a
// duration is given to it in nanoseconds.
package metrics
