package rule

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Note is a comment that says something to the linter.
type Note struct {
	codes []Code
	Keys  []string // patterns of keys that may live forever, from here on
	Hook  bool     // something gives every new key a lifetime
}

// Accepts reports whether the note, which is at the place of a finding, accepts it.
func (n Note) Accepts(c Code) bool { return slices.Contains(n.codes, c) }

const noReason = "%s needs a reason: who removes the key, or why it may stay"

// ParseNote reads the text of a comment, without its marks. ok is false when it says nothing to the linter; an error
// says why it cannot be followed.
func ParseNote(comment string) (n Note, ok bool, err error) {
	text, ok := strings.CutPrefix(strings.TrimSpace(comment), "ttl:")
	if !ok {
		return Note{}, false, nil
	}
	text = strings.TrimSuffix(strings.TrimSpace(text), "*/")
	words := strings.Fields(text)
	if len(words) == 0 {
		return Note{}, false, nil
	}
	verb, rest := words[0], words[1:]
	switch verb {
	case "durable":
		if len(rest) == 0 {
			return Note{}, true, fmt.Errorf(noReason, "ttl:durable")
		}
		for _, r := range catalogue {
			if r.Durable {
				n.codes = append(n.codes, r.Code)
			}
		}
	case "ignore":
		return parseIgnore(rest)
	case "durable-keys":
		if len(rest) < 2 {
			return Note{}, true, errors.New("ttl:durable-keys needs a pattern and a reason")
		}
		n.Keys = strings.Split(strings.Trim(rest[0], `'"`), ",")
	case "default-ttl-hook":
		if len(rest) == 0 {
			return Note{}, true, errors.New("ttl:default-ttl-hook needs a reason: what gives every new key its lifetime")
		}
		n.Hook = true
	default:
		// Any comment may speak of "ttl:"; only what looks like one of the verbs is a mistake.
		if slices.ContainsFunc([]string{"dur", "ign", "def"}, func(v string) bool { return strings.HasPrefix(verb, v) }) {
			return Note{}, true, fmt.Errorf("ttl:%s is unknown; there are durable, ignore, durable-keys and default-ttl-hook", verb)
		}
		return Note{}, false, nil
	}
	return n, true, nil
}

func parseIgnore(words []string) (Note, bool, error) {
	if len(words) == 0 {
		return Note{}, true, errors.New("ttl:ignore needs codes and a reason")
	}
	var n Note
	for _, code := range strings.Split(words[0], ",") {
		r, ok := Lookup(code)
		if !ok {
			return Note{}, true, fmt.Errorf("ttl:ignore: there is no rule %q", code)
		}
		n.codes = append(n.codes, r.Code)
	}
	if len(words) < 2 {
		return Note{}, true, fmt.Errorf(noReason, "ttl:ignore")
	}
	return n, true, nil
}
