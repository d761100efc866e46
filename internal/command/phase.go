package command

import "github.com/curfewkv/curfew/resp"

// Phase says where a command comes from. Not every gate asks in every phase.
type Phase uint8

// The phases.
const (
	// Client: a client sent it.
	Client Phase = iota
	// Queued: EXEC runs it. It went through the gates of Client when it was queued.
	Queued
	// Script: a script or a function calls it.
	Script
	// Replay: it is read from a file, or from a primary, and was run before.
	Replay
)

// Caller runs a command from within another; see Ctx.Call.
type Caller func(parent *Ctx, phase Phase, args [][]byte, out *resp.Writer) error

// Call runs a command from within this one: through the gates of the phase, on a Ctx of its own, for the same session, at
// the same instant and in the same transaction. Its reply goes to out; an error is returned and leaves none. The shards of its keys
// must be among those that are locked, else it is refused.
func (c *Ctx) Call(phase Phase, args [][]byte, out *resp.Writer) error {
	return c.Caller(c, phase, args, out)
}

// Nested reports whether the command runs within another: inside EXEC, or called by a script.
func (c *Ctx) Nested() bool { return c.Phase != Client }
