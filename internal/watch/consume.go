package watch

import (
	"github.com/curfewkv/curfew/internal/journal"
	"github.com/curfewkv/curfew/internal/session"
)

// Consume marks the sessions that watch what the record changes.
func (w *Service) Consume(r *journal.Record) {
	switch {
	case r.Reason == journal.Flushed:
		w.each(r.DB, func(_ string, k *watched) { k.removed() })
	case r.Reason == journal.Swapped:
		w.each(r.DB, func(key string, k *watched) { k.replaced(w.lookup(r.DB, []byte(key))) })
	default:
		w.changed(r)
	}
}

// changed handles the record of one key.
func (w *Service) changed(r *journal.Record) {
	st := w.stripe(r.Key)
	st.mu.Lock()
	defer st.mu.Unlock()
	k := st.keys[keyOf{r.DB, string(r.Key)}]
	if k == nil {
		return
	}
	if r.Reason == journal.Write || r.Reason == journal.Touched {
		k.written()
	} else {
		k.removed()
	}
}

// each calls fn for the watched keys of a database.
func (w *Service) each(db int, fn func(key string, k *watched)) {
	for i := range w.parts {
		st := &w.parts[i]
		st.mu.Lock()
		for at, k := range st.keys {
			if at.db == db {
				fn(at.key, k)
			}
		}
		st.mu.Unlock()
	}
}

// written: the key has a new value or deadline.
func (k *watched) written() {
	k.stored = true
	for i := range k.watchers {
		k.watchers[i].dirty()
	}
}

// removed: the key's entry, if there was one, is gone. For who saw it due already nothing has changed.
func (k *watched) removed() {
	if !k.stored {
		return
	}
	k.stored = false
	for i := range k.watchers {
		w := &k.watchers[i]
		if w.due {
			w.due = false
		} else {
			w.dirty()
		}
	}
}

// replaced: the key's whole database is another one. Only who saw no key before and sees none now is not concerned.
func (k *watched) replaced(stored, due bool) {
	for i := range k.watchers {
		w := &k.watchers[i]
		if k.stored && !w.due || stored && !due {
			w.dirty()
		} else {
			w.due = stored
		}
	}
	k.stored = stored
}

func (w *watcher) dirty() {
	w.s.Multi.Dirty.Store(true)
	w.s.SetFlag(session.FlagDirty, true)
}
