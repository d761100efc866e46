// Package quantity reads amounts as a person writes them in flags and settings: 7d, 10%, 64mb.
//
// It is for the tools of the toolkit. What lint reads in source code follows that code's language, and is not for here.
package quantity
