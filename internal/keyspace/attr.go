package keyspace

import "github.com/curfewkv/curfew/internal/store"

// What becomes of a key's attributes (store.AttrWord, store.AttrText) follows from what they belong to. EXPIRE, PERSIST,
// RENAME, MOVE and defragmentation keep them all: a command that changes how a deadline slides says so.
const (
	// attrsOfDeadline go with the deadline that they qualify: a write that replaces the value keeps them where it keeps the
	// TTL (KEEPTTL, INCR), as Redis does with the TTL itself.
	attrsOfDeadline = store.AttrSet(1<<store.AttrSlide|1<<store.AttrSlideCap|1<<store.AttrGrace) | attrSetter
	// attrsOfKey stay whatever value the key is given, for as long as there is a key of this name. Redis keeps the LFU counter
	// likewise.
	attrsOfKey = store.AttrSet(1 << store.AttrCreated)
	// attrsCopied are what a copy has: all but those of the key, since it is another one. The rest belongs to the value, and
	// goes when that is replaced: tags, the nearest deadline of a field.
	attrsCopied = ^attrsOfKey
	attrsAll    = ^store.AttrSet(0)
)

// attrSetter: who set the deadline.
const attrSetter = store.AttrSet(1) << (store.TextShift + store.AttrSet(store.AttrSetter))

// attrsKept are those that stay when the value is replaced.
func attrsKept(keepTTL bool) store.AttrSet {
	if keepTTL {
		return attrsOfKey | attrsOfDeadline
	}
	return attrsOfKey
}
