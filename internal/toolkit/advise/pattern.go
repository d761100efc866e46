package advise

import (
	"strings"

	"github.com/curfewkv/curfew/internal/toolkit/prefix"
	"github.com/curfewkv/curfew/resp/glob"
)

// setPatterns says by which patterns commands find the keys of prefixes. What the user gave is patterns; in what was found in
// keys, only * means more than itself. A key counts under the narrowest prefix, so a command about a wide one leaves out the
// keys of those within it.
func setPatterns(prefixes []Prefix, given bool) {
	for i := range prefixes {
		p := &prefixes[i]
		if p.Pattern = p.Name; !given && p.Name != prefix.Other {
			p.Pattern = literally.Replace(p.Name)
		}
	}
	for i := range prefixes {
		for j, narrow := range prefixes {
			if i != j && narrow.Name != "" && narrow.Name != prefix.Other && glob.Match([]byte(prefixes[i].Pattern), []byte(narrow.Name), false) {
				prefixes[i].Except = append(prefixes[i].Except, narrow.Pattern)
			}
		}
	}
}

var literally = strings.NewReplacer(`\`, `\\`, "?", `\?`, "[", `\[`)
