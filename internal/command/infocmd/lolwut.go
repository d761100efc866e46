package infocmd

import "github.com/curfewkv/curfew/internal/command"

// Bounds of the picture in characters: below, the glass is not to be seen; above, the reply is longer than fun.
const (
	minColumns, columns, maxColumns = 12, 34, 160
	minRows, rows, maxRows          = 6, 17, 80
)

var lolwut = &command.Spec{
	Name: "lolwut", Arity: -1, Flags: command.ReadOnly | command.Fast, Group: "server", Since: "5.0.0",
	Complexity: "O(N), N being the number of characters of the picture",
	Summary:    "Shows the present hour as sand in a glass, and the version of the server.",
	Syntax:     "[VERSION version] [columns [rows]]",
	Run:        runLolwut,
}

func runLolwut(c *command.Ctx) error {
	args := c.Args[1:]
	// The version chooses Redis's artist; here there is but one.
	if len(args) >= 2 && c.Is(1, "VERSION") {
		if _, err := c.Int(2); err != nil {
			return err
		}
		args = args[2:]
	}
	size := [2]int64{columns, rows}
	first := len(c.Args) - len(args)
	for i := range min(len(args), len(size)) {
		n, err := c.Int(first + i)
		if err != nil {
			return err
		}
		size[i] = n
	}
	w := int(min(max(size[0], minColumns), maxColumns))
	h := int(min(max(size[1], minRows), maxRows))
	c.Out.Verbatim("txt", hourglass(c.Now.Wall, w, h)+"\nRedis ver. "+command.Version+", as Curfew keeps it\n")
	return nil
}
