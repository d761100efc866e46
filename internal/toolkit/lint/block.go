package lint

import (
	"github.com/curfewkv/curfew/ttllint/rule"
)

// block is a part of a program of which it is known when it runs.
type block struct {
	parent   *block
	function bool
	chain    *block // the first arm of an if with more arms; itself for the first
	arm      int
	leaves   bool // it returns or throws
	indent   int  // Python: of its header
}

// root is the outermost function around the block, nil outside of functions.
func (b *block) root() *block {
	var found *block
	for ; b != nil; b = b.parent {
		if b.function {
			found = b
		}
	}
	return found
}

// path is the block in the form of the rules: arms of an if exclude each other, and so do functions side by side.
func (b *block) path() []rule.Branch {
	var path []rule.Branch
	for ; b != nil; b = b.parent {
		switch {
		case b.function:
			path = append(path, rule.Branch{Statement: enclosing(b.parent), Arm: b.arm})
		case b.chain != nil:
			path = append(path, rule.Branch{Statement: b.chain, Arm: b.arm, Leaves: b.leaves})
		}
	}
	return path
}

// enclosing is the function around a block, as an identity that nil has too.
func enclosing(b *block) any {
	for ; b != nil; b = b.parent {
		if b.function {
			return b
		}
	}
	return "file"
}

// pythonBlocks finds the block of every token by indentation.
func pythonBlocks(t *tokens) []*block {
	of := make([]*block, len(t.list))
	var current, last *block // last: the block that ended most recently
	start, indent := true, 0
	for i, tok := range t.list {
		if start {
			start = false
			last = nil
			for current != nil && current.indent >= indent {
				last, current = current, current.parent
			}
			header := pythonHeader(t, i)
			switch {
			case header == "return" || header == "raise":
				if current != nil {
					current.leaves = true
				}
			case header != "":
				current = open(current, last, header, indent, i)
			}
		}
		of[i] = current
		if tok.kind == line {
			start, indent = true, tok.indent
		}
	}
	return of
}

// pythonHeader is the keyword of a line that opens a block, or leaves one.
func pythonHeader(t *tokens, i int) string {
	if t.list[i].is("async") && i+1 < len(t.list) {
		i++
	}
	if tok := t.list[i]; tok.kind == name && tok.in("def", "if", "elif", "else", "for", "while", "try", "except", "finally", "with", "class", "match", "case", "return", "raise") {
		return tok.text
	}
	return ""
}

func open(parent, last *block, header string, indent, at int) *block {
	b := &block{parent: parent, indent: indent, arm: at}
	switch header {
	case "def":
		b.function = true
	case "if", "case":
		b.chain = b
		if header == "case" {
			b.chain = parent
		}
	case "elif", "else":
		if last != nil && last.chain != nil && last.indent == indent {
			b.chain = last.chain
		}
	}
	return b
}

// scriptBlocks finds the block of every token by its braces.
func scriptBlocks(t *tokens) []*block {
	of := make([]*block, len(t.list))
	closed := map[int]*block{} // by the index of the brace that ends it
	var current *block
	var ends []int
	for i, tok := range t.list {
		for len(ends) > 0 && i > ends[len(ends)-1] {
			closed[ends[len(ends)-1]] = current
			current, ends = current.parent, ends[:len(ends)-1]
		}
		of[i] = current
		switch {
		case tok.is("{") && t.partner[i] > i:
			if b := scriptBlock(t, i, current, closed); b != nil {
				current, ends = b, append(ends, t.partner[i])
			}
		case tok.kind == name && tok.in("return", "throw") && current != nil && directly(t, i):
			current.leaves = true
		}
	}
	return of
}

// scriptBlock is the block that a brace opens; nil for objects, classes, loops and the like.
func scriptBlock(t *tokens, i int, parent *block, closed map[int]*block) *block {
	if i == 0 {
		return nil
	}
	b := &block{parent: parent, arm: i}
	before := t.list[i-1]
	if before.is("else") {
		if first := closed[i-2]; i >= 2 && first != nil && first.chain != nil {
			b.chain = first.chain
			return b
		}
		return nil
	}
	if before.is("=>") {
		b.function = true
		return b
	}
	paren := paramsBefore(t, i)
	if paren < 0 {
		return nil
	}
	if paren > 0 && t.list[paren-1].is("if") {
		b.chain = b
		if paren >= 3 && t.list[paren-2].is("else") && closed[paren-3] != nil && closed[paren-3].chain != nil {
			b.chain = closed[paren-3].chain
		}
		return b
	}
	if paren > 0 && t.list[paren-1].in("for", "while", "switch", "catch", "with", "await") {
		return nil
	}
	b.function = true
	return b
}

// paramsBefore is the index of the parenthesis that opens what stands before a brace: f(a, b) {, or with the type of
// the result, f(a): Promise<void> {. It is -1 when there is none.
func paramsBefore(t *tokens, i int) int {
	for j := i - 1; j >= 0 && j >= i-24; j-- {
		tok := t.list[j]
		switch {
		case tok.is(")"):
			return t.partner[j]
		case tok.kind == name || tok.in(":", "<", ">", ".", ",", "|", "[", "]", "?", "&"):
			if tok.in("class", "interface", "enum", "return", "import", "export", "extends") {
				return -1
			}
		default:
			return -1
		}
	}
	return -1
}

// directly reports whether a return belongs to the innermost braces around it, and not to `if (x) return` without any.
func directly(t *tokens, i int) bool {
	return i > 0 && t.list[i-1].in(";", "{", "}")
}
