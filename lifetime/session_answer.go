package lifetime

import (
	"bufio"
	"net"
	"net/http"
)

// sessionAnswer does something before the first byte of an answer. It belongs to the handler's goroutine, as every
// ResponseWriter does.
type sessionAnswer struct {
	http.ResponseWriter
	first  func() error
	failed func(error)
	begun  bool
	err    error
}

// ready does it once; after an error, the answer is that of failed, and nothing else is written.
func (a *sessionAnswer) ready() error {
	if !a.begun {
		a.begun = true
		if a.err = a.first(); a.err != nil {
			a.failed(a.err)
		}
	}
	return a.err
}

func (a *sessionAnswer) WriteHeader(status int) {
	// 1xx are said before the answer: its headers are still open.
	if informational := status < 200 && status != http.StatusSwitchingProtocols; informational || a.ready() == nil {
		a.ResponseWriter.WriteHeader(status)
	}
}

func (a *sessionAnswer) Write(b []byte) (int, error) {
	if err := a.ready(); err != nil {
		return 0, err
	}
	return a.ResponseWriter.Write(b)
}

// FlushError is what http.ResponseController calls.
func (a *sessionAnswer) FlushError() error {
	if err := a.ready(); err != nil {
		return err
	}
	return http.NewResponseController(a.ResponseWriter).Flush()
}

// Flush is for those who ask for an http.Flusher, which has no way to say that it cannot.
func (a *sessionAnswer) Flush() { _ = a.FlushError() }

func (a *sessionAnswer) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	if err := a.ready(); err != nil {
		return nil, nil, err
	}
	return http.NewResponseController(a.ResponseWriter).Hijack()
}

// Unwrap gives http.ResponseController the deadlines of the server's own writer.
func (a *sessionAnswer) Unwrap() http.ResponseWriter { return a.ResponseWriter }
