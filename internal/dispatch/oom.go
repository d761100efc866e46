package dispatch

import (
	"sync"

	"github.com/curfewkv/curfew/internal/command"
)

// oomTextAgeNs is how long the explanation of an OOM error is reused: finding it looks at every shard.
const oomTextAgeNs = 100_000_000

// oomText is the explanation last given.
type oomText struct {
	mu   sync.Mutex
	at   int64
	text string
}

// oomError is the refusal for want of memory, with the reason why nothing could be evicted. No shard may be locked.
func (w *Worker) oomError() error {
	t := &w.d.oom
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.at == 0 || w.now.Mono-t.at > oomTextAgeNs {
		w.tx.Begin(w.now, 0, 0, true)
		t.text, t.at = w.d.o.OOMDetail(w.tx), w.now.Mono
	}
	if t.text == "" {
		return command.ErrOOM
	}
	return command.ErrOOM + command.Error(" "+t.text)
}
