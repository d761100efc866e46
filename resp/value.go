package resp

// Value is a reply as a client sees it. Type is the byte that announced it on
// the wire and says which field holds the value:
//
//	'+' simple string     Str          '%' map        Array: key, value, key, ...
//	'-' error             Str          '*' array      Array
//	'!' bulk error        Str          '~' set        Array
//	'$' bulk string       Str          '>' push       Array
//	'=' verbatim string   Str, Format  '_' null       Null
//	'(' big number        Str          '#' boolean    Bool
//	':' integer           Int          ',' double     Float, Str as sent
//
// RESP2's null bulk string and null array keep their types, '$' and '*', and
// have Null set. Attr holds the attribute that preceded the value, as a map's
// Array does.
type Value struct {
	Type   byte
	Null   bool
	Bool   bool
	Format string
	Str    string
	Int    int64
	Float  float64
	Array  []Value
	Attr   []Value
}

// Error is an error reply.
type Error string

func (e Error) Error() string { return string(e) }

// Err returns the error that v is, or nil. Errors inside aggregates are
// values, not v's.
func (v Value) Err() error {
	if v.Type == '-' || v.Type == '!' {
		return Error(v.Str)
	}
	return nil
}
