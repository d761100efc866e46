package server

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"sync"
)

// logger writes lines in Redis's form, "PID:M 02 Jan 2006 15:04:05.000 * text", so that existing log parsers work.
type logger struct {
	*slog.Logger
	level *slog.LevelVar
}

// levelNothing is above every level.
const levelNothing = slog.Level(100)

func newLogger(w io.Writer) *logger {
	v := new(slog.LevelVar)
	return &logger{slog.New(&lineHandler{w: w, level: v}), v}
}

// setLevel takes a name of loglevel. Redis's verbose is slog's debug but one.
func (l *logger) setLevel(name string) {
	l.level.Set(map[string]slog.Level{
		"debug": slog.LevelDebug, "verbose": slog.LevelDebug + 1, "notice": slog.LevelInfo,
		"warning": slog.LevelWarn, "nothing": levelNothing,
	}[name])
}

// lineHandler is a slog handler that writes Redis's line form.
type lineHandler struct {
	mu    sync.Mutex
	w     io.Writer
	level slog.Leveler
	attrs []slog.Attr
}

func (h *lineHandler) Enabled(_ context.Context, l slog.Level) bool { return l >= h.level.Level() }

func (h *lineHandler) Handle(_ context.Context, r slog.Record) error {
	mark := byte('*')
	switch {
	case r.Level >= slog.LevelWarn:
		mark = '#'
	case r.Level < slog.LevelDebug+1:
		mark = '.'
	case r.Level < slog.LevelInfo:
		mark = '-'
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%d:M %s %c %s", os.Getpid(), r.Time.Format("02 Jan 2006 15:04:05.000"), mark, r.Message)
	add := func(a slog.Attr) bool {
		fmt.Fprintf(&b, " %s=%v", a.Key, a.Value)
		return true
	}
	for _, a := range h.attrs {
		add(a)
	}
	r.Attrs(add)
	b.WriteByte('\n')
	h.mu.Lock()
	defer h.mu.Unlock()
	_, err := io.WriteString(h.w, b.String())
	return err
}

func (h *lineHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &lineHandler{w: h.w, level: h.level, attrs: append(h.attrs[:len(h.attrs):len(h.attrs)], attrs...)}
}

func (h *lineHandler) WithGroup(string) slog.Handler { return h }

// openLog opens the log's file, or standard output for the empty name.
func openLog(name string) (io.WriteCloser, error) {
	if name == "" {
		return nopCloser{os.Stdout}, nil
	}
	f, err := os.OpenFile(name, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, fmt.Errorf("Can't open the log file: %w", err)
	}
	return f, nil
}

type nopCloser struct{ io.Writer }

func (nopCloser) Close() error { return nil }
