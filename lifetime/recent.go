package lifetime

import "container/list"

// recent keeps values by key, up to a number of them: what was used least recently goes first. It is not safe for several
// goroutines.
type recent[V any] struct {
	most  int
	gone  func(key string, value V) // hears of every value that is kept no longer; may be nil
	order *list.List                // of recentEntry[V], the last used in front
	at    map[string]*list.Element
}

type recentEntry[V any] struct {
	key   string
	value V
}

// newRecent makes room for at least one value.
func newRecent[V any](most int, gone func(key string, value V)) *recent[V] {
	return &recent[V]{most: max(1, most), gone: gone, order: list.New(), at: map[string]*list.Element{}}
}

// get returns a value, which is the last used then.
func (r *recent[V]) get(key string) (value V, ok bool) {
	e, ok := r.at[key]
	if !ok {
		return value, false
	}
	r.order.MoveToFront(e)
	return e.Value.(recentEntry[V]).value, true
}

// put keeps a value, in place of the one that the key has.
func (r *recent[V]) put(key string, value V) {
	r.remove(key)
	r.at[key] = r.order.PushFront(recentEntry[V]{key, value})
	if len(r.at) > r.most {
		r.removeOldest()
	}
}

func (r *recent[V]) remove(key string) {
	if e, ok := r.at[key]; ok {
		r.drop(e)
	}
}

func (r *recent[V]) removeOldest() {
	if e := r.order.Back(); e != nil {
		r.drop(e)
	}
}

func (r *recent[V]) drop(e *list.Element) {
	entry := r.order.Remove(e).(recentEntry[V])
	delete(r.at, entry.key)
	if r.gone != nil {
		r.gone(entry.key, entry.value)
	}
}

// clear drops everything.
func (r *recent[V]) clear() {
	for r.order.Len() > 0 {
		r.removeOldest()
	}
}

func (r *recent[V]) len() int { return len(r.at) }
