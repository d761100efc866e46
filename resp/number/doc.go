// Package number holds Redis's rules for numbers in text: which byte strings
// are integers or floats, and how results are written back.
//
// The rules differ from strconv's in both directions ("01" and "+1" are no
// integers, "0x10" is a float), and clients can see every difference, so they
// live here once. Float arithmetic that Redis does in C's long double on
// x86-64 (INCRBYFLOAT, HINCRBYFLOAT) is Extended: 64 bits of mantissa, rounded
// to nearest even, as the x87 unit does.
//
// Pure functions over bytes; anyone may import it; it imports the standard
// library only. It is not a place for durations, sizes ("1gb") or scores'
// range syntax ("(5"): those belong to config and to their commands.
package number
