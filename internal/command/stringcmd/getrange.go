package stringcmd

import "github.com/curfewkv/curfew/internal/command"

const getrangeComplexity = "O(N), N being the length of the reply."

var getrange = &command.Spec{
	Name: "getrange", Arity: 4, Flags: command.ReadOnly,
	Keys:  command.Keys{First: 1, Last: 1, Step: 1, Flags: "RO access"},
	Group: "string", Since: "2.4.0", Complexity: getrangeComplexity,
	Summary: "Reads a part of the string that a key holds; negative positions count from its end.",
	Syntax:  "key start:integer end:integer",
	Run:     runGetrange,
}

var substr = &command.Spec{
	Name: "substr", Arity: 4, Flags: command.ReadOnly,
	Keys:  command.Keys{First: 1, Last: 1, Step: 1, Flags: "RO access"},
	Group: "string", Since: "1.0.0", Complexity: getrangeComplexity,
	DeprecatedSince: "2.0.0", ReplacedBy: "`GETRANGE`",
	Summary: "Reads a part of the string that a key holds, under the name that GETRANGE had first.",
	Syntax:  "key start:integer end:integer",
	Run:     runGetrange,
}

func runGetrange(c *command.Ctx) error {
	start, err := c.Int(2)
	if err != nil {
		return err
	}
	end, err := c.Int(3)
	if err != nil {
		return err
	}
	en, ok, err := c.StringEntry(c.Args[1])
	if err != nil {
		return err
	}
	if !ok {
		c.Out.BulkString("")
		return nil
	}
	s := en.String(c.Scratch[:0])
	from, to := span(start, end, int64(len(s)))
	replyPart(c, en, s[from:to], int(from))
	return nil
}

// span resolves the positions of the first and the last byte asked for to a slice of n bytes. Positions before the string
// mean its first byte, so -9 to -8 of "abc" is "a"; but two negative ones in the wrong order are always empty.
func span(start, end, n int64) (from, to int64) {
	if start < 0 && end < 0 && start > end {
		return 0, 0
	}
	if start < 0 {
		start = max(0, start+n)
	}
	if end < 0 {
		end = max(0, end+n)
	}
	end = min(end, n-1)
	if start > end {
		return 0, 0
	}
	return start, end + 1
}
