package resp

// ProtocolError says why a request cannot be parsed. A server answers
// "-ERR Protocol error: " with the text, as Redis 7 words it, and closes the
// connection: there is no way to find the next request.
type ProtocolError string

const (
	ErrUnbalancedQuotes     ProtocolError = "unbalanced quotes in request"
	ErrInlineTooBig         ProtocolError = "too big inline request"
	ErrCountTooBig          ProtocolError = "too big mbulk count string"
	ErrInvalidCount         ProtocolError = "invalid multibulk length"
	ErrUnauthenticatedCount ProtocolError = "unauthenticated multibulk length"
	ErrBulkCountTooBig      ProtocolError = "too big bulk count string"
	ErrInvalidBulk          ProtocolError = "invalid bulk length"
	ErrUnauthenticatedBulk  ProtocolError = "unauthenticated bulk length"
)

// errNoDollar says that c stands where an argument's '$' belongs. Line ends
// cannot stand in an error reply, so they show as spaces.
func errNoDollar(c byte) ProtocolError {
	if c == '\r' || c == '\n' {
		c = ' '
	}
	return ProtocolError("expected '$', got '" + string([]byte{c}) + "'")
}

func (e ProtocolError) Error() string { return string(e) }
