package grammar

import "strings"

// String is the syntax as the manual writes it: without types, and without names of groups.
func (g Grammar) String() string { return textAll(g.Args) }

func textAll(args []Arg) string {
	parts := make([]string, len(args))
	for i, a := range args {
		parts[i] = a.text()
	}
	return strings.Join(parts, " ")
}

// text is the argument with its token, brackets and repetitions.
func (a Arg) text() string {
	body := a.body()
	if a.Type == PureToken || a.Token == "" {
		return a.wrap(body, body)
	}
	if a.MultipleToken {
		return a.wrap(a.Token+" "+body, a.Token+" "+body)
	}
	return a.wrap(a.Token+" "+body, body)
}

// wrap puts repetitions of again behind text, and brackets around all.
func (a Arg) wrap(text, again string) string {
	switch {
	case a.Multiple && a.Type == OneOf && !a.Optional && text == again:
		text += " ..."
	case a.Multiple:
		text += " [" + again + " ...]"
	case a.Optional && a.Type == OneOf && a.Token == "":
		text = text[1 : len(text)-1]
	}
	if a.Optional {
		return "[" + text + "]"
	}
	return text
}

// body is the argument alone.
func (a Arg) body() string {
	switch a.Type {
	case PureToken:
		return a.Token
	case Block:
		return textAll(a.Args)
	case OneOf:
		parts := make([]string, len(a.Args))
		for i, alt := range a.Args {
			parts[i] = alt.text()
		}
		return "<" + strings.Join(parts, " | ") + ">"
	}
	return a.Name
}
