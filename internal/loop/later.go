package loop

// Replies of a turn are gathered and sent together, up to so many clients': the first that is sent wakes its client, and
// while that one's processor is awake the others are sent to it at a third of the price. It is also what lets one client
// that asks through many connections take the replies of all of them at once.
const (
	// laterConns is how many replies are gathered. What the first of them waits for is as many short requests.
	laterConns = 16
	// laterBytes is the size of replies that are gathered; larger ones are worth a call of their own.
	laterBytes = 4 << 10
)

// later is a reply that was made in this turn and is still to be sent: the bytes of Loop.held up to an offset.
type later struct {
	c    *conn
	from int
	to   int
}

// gather keeps the replies of a connection for the end of the turn.
func (l *Loop) gather(c *conn, buf []byte) {
	from := len(l.held)
	l.held = append(l.held, buf...)
	l.later = append(l.later, later{c, from, len(l.held)})
	c.late = true
	l.giveBack(buf)
	if len(l.later) >= laterConns {
		l.sendLater(nil)
	}
}

// sendLater sends what was gathered, but for the replies of one connection, which is in the middle of its requests.
func (l *Loop) sendLater(but *conn) {
	kept := l.later[:0]
	for _, r := range l.later {
		switch {
		case r.c.closed:
		case r.c == but:
			kept = append(kept, r)
		default:
			l.sendHeld(r.c, l.held[r.from:r.to])
		}
	}
	clear(l.later[len(kept):])
	if l.later = kept; len(kept) == 0 {
		l.held = l.held[:0]
	}
}

func (l *Loop) sendHeld(c *conn, b []byte) {
	c.late = false
	if c.out == nil {
		l.pieces = append(l.pieces[:0], b)
		n := l.send(c, l.pieces)
		if b = b[n:]; c.closed {
			return
		}
		if len(b) > 0 {
			c.out = new(output)
			c.out.add(b)
		}
		l.afterSend(c)
		return
	}
	c.out.add(b)
	l.flush(c)
}
