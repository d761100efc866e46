package dispatch

import (
	"github.com/curfewkv/curfew/internal/command"
	"github.com/curfewkv/curfew/internal/session"
)

// crossProtocol reports whether a request is a line that browsers send and Redis clients never do. A page can make a
// browser post to this port, with commands in the body; the request's own lines come first and give it away.
func crossProtocol(args [][]byte) bool {
	return command.EqualFold(args[0], "POST") || command.EqualFold(args[0], "HOST:")
}

// abort closes the connection at once: what follows is not run, and the replies to what came with it are not sent.
func (w *Worker) abort(s *session.Session) {
	w.d.o.Observe.CrossProtocol(s)
	s.Out.Truncate(w.begin)
	s.CloseAfter = true
	s.Kill()
}
