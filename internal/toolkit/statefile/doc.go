// Package statefile keeps how far a tool came in a file, so that a later run of it can go on from there.
//
// It knows how such a file is written, not what is in it: that, its version included, is the tool's. A file is for the user
// alone, since it can have names of keys in it, and those can be secrets.
package statefile
