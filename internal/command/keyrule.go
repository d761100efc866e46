package command

// KeyRule is one rule by which clients find keys in the arguments, a "key specification" of COMMAND INFO.
type KeyRule struct {
	// Flags, such as "RW access update", and Notes on them.
	Flags, Notes string

	// The search begins at argument Index, or behind the word Keyword, which is looked for from argument From on
	// (negative: from the end, backwards). Neither: there is no rule by which to begin.
	Index   int
	Keyword string
	From    int

	// NumKeys: the argument NumAt behind the beginning is the number of keys, and they start at FirstAt behind it.
	// Otherwise the keys reach to Last, counted from the beginning (negative: from the end of the arguments); a Limit
	// of n takes a 1/n part of the arguments that are left.
	NumKeys        bool
	NumAt, FirstAt int
	Last           int
	Limit          int
	Step           int
}
