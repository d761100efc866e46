package grammar

// Type is the type of an argument, with the names of COMMAND DOCS.
type Type string

// The types.
const (
	String    Type = "string"
	Integer   Type = "integer"
	Double    Type = "double"
	Key       Type = "key"
	Pattern   Type = "pattern"
	UnixTime  Type = "unix-time"
	PureToken Type = "pure-token" // a word that stands for itself
	OneOf     Type = "oneof"      // one of Args
	Block     Type = "block"      // all of Args
)

// Arg is an argument, an option, or a group of them.
type Arg struct {
	// Name in lower case.
	Name string
	Type Type
	// Token is the word that announces the argument, in upper case; "" without one. A pure token is nothing else.
	Token string
	// Optional: may be left out.
	Optional bool
	// Multiple: may be repeated. MultipleToken: the token is repeated with it.
	Multiple, MultipleToken bool
	// Args are the alternatives of a OneOf and the parts of a Block.
	Args []Arg
}

// Grammar is the syntax of a command's arguments, behind its name.
type Grammar struct {
	Args []Arg
}

// Unbounded is the maximum of Len where an argument may be repeated without end.
const Unbounded = -1

// Len is how many words the arguments take, at least and at most.
func (g Grammar) Len() (least, most int) { return lenAll(g.Args) }

func lenAll(args []Arg) (least, most int) {
	for _, a := range args {
		l, m := a.len()
		least += l
		most = add(most, m)
	}
	return least, most
}

func add(a, b int) int {
	if a == Unbounded || b == Unbounded {
		return Unbounded
	}
	return a + b
}

func (a Arg) len() (least, most int) {
	switch a.Type {
	case PureToken:
		least, most = 1, 1
	case Block:
		least, most = lenAll(a.Args)
	case OneOf:
		least, most = a.Args[0].len()
		for _, alt := range a.Args[1:] {
			l, m := alt.len()
			least = min(least, l)
			if most == Unbounded || m == Unbounded {
				most = Unbounded
			} else {
				most = max(most, m)
			}
		}
	default:
		least, most = 1, 1
	}
	if a.Token != "" && a.Type != PureToken {
		least, most = least+1, add(most, 1)
	}
	if a.Optional {
		least = 0
	}
	if a.Multiple {
		most = Unbounded
	}
	return least, most
}
