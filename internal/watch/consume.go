package watch

import "github.com/curfewkv/curfew/internal/journal"

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
	k.live.set()
	k.due.set()
}

// removed: the key's entry, if there was one, is gone. For sessions that saw it due already nothing has changed: for them the
// key is absent, as for sessions that begin to watch now.
func (k *watched) removed() {
	if !k.stored {
		return
	}
	k.stored = false
	k.live.set()
	k.live, k.due = k.due, group{}
}

// replaced: the key's whole database is another one. Only sessions that saw no key before and see none now are not concerned.
// They are of one group: if the key was stored, all that do not see it due are concerned.
func (k *watched) replaced(stored, due bool) {
	absent := k.live
	if k.stored {
		k.live.set()
		absent = k.due
	}
	k.live, k.due = group{}, group{}
	switch {
	case stored && !due:
		absent.set()
	case stored:
		k.due = absent
	default:
		k.live = absent
	}
	k.stored = stored
}
