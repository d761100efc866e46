package output

import (
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// Progress is a bar with a rate and the time left on a terminal, and nothing at all elsewhere. Its methods may be called at
// the same time. A nil Progress shows nothing.
type Progress struct{ bar *progressbar.ProgressBar }

// NewProgress begins a bar on w when that is a terminal and quiet is not asked for. total is in the unit that Add counts;
// -1: unknown.
func NewProgress(w io.Writer, what string, total int64, quiet bool) *Progress {
	if quiet || !IsTerminal(w) {
		return nil
	}
	return &Progress{progressbar.NewOptions64(total,
		progressbar.OptionSetWriter(w),
		progressbar.OptionSetDescription(what),
		progressbar.OptionShowCount(),
		progressbar.OptionShowIts(),
		progressbar.OptionSetItsString("keys"),
		progressbar.OptionSetPredictTime(true),
		progressbar.OptionFullWidth(),
		progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionClearOnFinish(),
	)}
}

// Add counts n more.
func (p *Progress) Add(n int) {
	if p != nil {
		_ = p.bar.Add(n)
	}
}

// Total corrects what there is in all.
func (p *Progress) Total(n int64) {
	if p != nil {
		p.bar.ChangeMax64(n)
	}
}

// Done takes the bar away.
func (p *Progress) Done() {
	if p != nil {
		_ = p.bar.Clear()
	}
}

// IsTerminal reports whether a person looks at w.
func IsTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
