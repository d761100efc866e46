package infocmd

import (
	"strings"

	"github.com/curfewkv/curfew/internal/command"
	"github.com/curfewkv/curfew/resp/number"
)

const (
	errInvalidCommand command.Error = "ERR Invalid command specified"
	errNoKeyArguments command.Error = "ERR The command has no key arguments"
	errInvalidNumber  command.Error = "ERR Invalid number of arguments specified for command"
	errInvalidArgs    command.Error = "ERR Invalid arguments specified for command"
)

func (f family) runGetKeys(c *command.Ctx) error {
	_, args, positions, err := f.keys(c)
	if err != nil {
		return err
	}
	c.Out.Array(len(positions))
	for _, pos := range positions {
		c.Out.Bulk(args[pos])
	}
	return nil
}

// remarks are said of a rule and not of the keys that it finds.
var remarks = strings.NewReplacer(incomplete, "", variableFlags, "")

func (f family) runGetKeysAndFlags(c *command.Ctx) error {
	s, args, positions, err := f.keys(c)
	if err != nil {
		return err
	}
	c.Out.Array(len(positions))
	for _, pos := range positions {
		c.Out.Array(2)
		c.Out.Bulk(args[pos])
		writeKeyFlags(c.Out, remarks.Replace(flagsAt(s, args, pos)))
	}
	return nil
}

// keys finds the keys of the command in the arguments, where the dispatcher would find them.
func (f family) keys(c *command.Ctx) (s *command.Spec, args [][]byte, positions []int, err error) {
	args = c.Args[2:]
	s, ok := f.table().Resolve(args)
	switch {
	case s == nil || !ok && len(args) > 1:
		return nil, nil, nil, errInvalidCommand
	case !hasKeys(s):
		return nil, nil, nil, errNoKeyArguments
	case !s.ArityOK(len(args)):
		return nil, nil, nil, errInvalidNumber
	}
	positions = s.KeyPositions(args, nil)
	if len(positions) == 0 && !s.Has(command.NoMandatoryKeys) {
		return nil, nil, nil, errInvalidArgs
	}
	return s, args, positions, nil
}

// hasKeys: the command names keys, not only channels that lie in slots as keys do.
func hasKeys(s *command.Spec) bool {
	for _, r := range s.KeyRules() {
		if !hasFlag(r.Flags, notKey) {
			return true
		}
	}
	return false
}

// flagsAt are the flags of the key at a position.
func flagsAt(s *command.Spec, args [][]byte, pos int) string {
	if s.Keys.FlagsAt != nil {
		return s.Keys.FlagsAt(args, pos)
	}
	for _, r := range s.KeyRules() {
		if finds(r, args, pos) {
			return r.Flags
		}
	}
	return s.Keys.Flags
}

// finds reports whether the key at a position is one that the rule finds.
func finds(r command.KeyRule, args [][]byte, pos int) bool {
	begin := begins(r, args)
	if begin == 0 {
		return false
	}
	last := begin + r.Last
	switch {
	case r.NumKeys:
		if begin+r.NumAt >= len(args) {
			return false
		}
		n, ok := number.ParseInt64(args[begin+r.NumAt])
		if !ok || n <= 0 {
			return false
		}
		begin += r.FirstAt
		last = begin + (int(min(n, int64(len(args))))-1)*r.Step
	case r.Last < 0 && r.Limit > 1:
		last = begin + (len(args)-begin)/r.Limit + r.Last
	case r.Last < 0:
		last = len(args) + r.Last
	}
	return pos >= begin && pos <= last && (pos-begin)%max(1, r.Step) == 0
}

// begins is the position from which the rule counts; 0 where there is none.
func begins(r command.KeyRule, args [][]byte) int {
	if r.Keyword == "" {
		return r.Index
	}
	from, step := r.From, 1
	if from < 0 {
		from, step = from+len(args), -1
	}
	for i := from; i > 0 && i < len(args); i += step {
		if command.EqualFold(args[i], strings.ToUpper(r.Keyword)) {
			return i + 1
		}
	}
	return 0
}
