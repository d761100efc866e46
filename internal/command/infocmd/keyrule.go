package infocmd

import (
	"slices"
	"strings"

	"github.com/curfewkv/curfew/internal/command"
	"github.com/curfewkv/curfew/resp"
)

// keyFlags are the flags of keys in the order in which Redis lists them.
var keyFlags = []string{
	"RO", "RW", "OW", "RM", "access", "update", "insert", "delete", notKey, incomplete, variableFlags,
}

const (
	notKey        = "not_key"
	incomplete    = "incomplete"
	variableFlags = "variable_flags"
)

func hasFlag(flags, name string) bool { return slices.Contains(strings.Fields(flags), name) }

func writeKeyFlags(w *resp.Writer, flags string) {
	var out []string
	for _, name := range keyFlags {
		if hasFlag(flags, name) {
			out = append(out, name)
		}
	}
	statuses(w, out)
}

// writeRule writes a key specification.
func writeRule(w *resp.Writer, r command.KeyRule) {
	if r.Notes == "" {
		w.Map(3)
	} else {
		w.Map(4)
		w.BulkString("notes")
		w.BulkString(r.Notes)
	}
	w.BulkString("flags")
	writeKeyFlags(w, r.Flags)

	w.BulkString("begin_search")
	switch {
	case r.Keyword != "":
		search(w, "keyword", 2)
		w.BulkString("keyword")
		w.BulkString(r.Keyword)
		intField(w, "startfrom", r.From)
	case r.Index != 0:
		search(w, "index", 1)
		intField(w, "index", r.Index)
	default:
		search(w, "unknown", 0)
	}

	w.BulkString("find_keys")
	switch {
	case r.Keyword == "" && r.Index == 0:
		search(w, "unknown", 0)
	case r.NumKeys:
		search(w, "keynum", 3)
		intField(w, "keynumidx", r.NumAt)
		intField(w, "firstkey", r.FirstAt)
		intField(w, "keystep", r.Step)
	default:
		search(w, "range", 3)
		intField(w, "lastkey", r.Last)
		intField(w, "keystep", r.Step)
		intField(w, "limit", r.Limit)
	}
}

// search begins one half of a key specification: its type, and n numbers and words that must follow.
func search(w *resp.Writer, kind string, n int) {
	w.Map(2)
	w.BulkString("type")
	w.BulkString(kind)
	w.BulkString("spec")
	w.Map(n)
}

func intField(w *resp.Writer, name string, n int) {
	w.BulkString(name)
	w.Int(int64(n))
}
