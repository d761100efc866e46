package rule

import (
	"slices"
	"strings"

	"github.com/curfewkv/curfew/resp/glob"
)

// unknown stands for the parts of a key that only the running program knows. No key holds it by accident.
const unknown = "\x00"

// Key is a key as the source shows it: constant parts, and expressions. Keys are the same key when their text is
// the same, so two expressions that are written alike are taken as one.
type Key struct {
	text  string // expressions in braces
	shape string // every expression as unknown
}

// Part is a piece of a key.
type Part struct {
	Text     string // the constant, or the expression's source
	Constant bool
}

// NewKey joins parts to a key.
func NewKey(parts ...Part) Key {
	var text, shape strings.Builder
	for _, p := range parts {
		if p.Constant {
			text.WriteString(p.Text)
			shape.WriteString(p.Text)
			continue
		}
		text.WriteString("{" + p.Text + "}")
		shape.WriteString(unknown)
	}
	return Key{text.String(), shape.String()}
}

// Known reports whether the source says anything of the key.
func (k Key) Known() bool { return k.text != "" }

func (k Key) String() string { return k.text }

// Matches reports whether the key matches one of the patterns, in Redis's glob form, whatever its expressions become.
// A key without any constant part matches only "*".
func (k Key) Matches(patterns []string) bool {
	open := strings.Contains(k.shape, unknown)
	return k.Known() && slices.ContainsFunc(patterns, func(p string) bool {
		if open && strings.ContainsAny(p, "?[") {
			return false // only a star may stand for an expression; these would take it for one byte
		}
		return glob.Match([]byte(p), []byte(k.shape), false)
	})
}
