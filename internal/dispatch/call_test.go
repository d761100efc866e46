package dispatch_test

import (
	"strings"
	"testing"

	"github.com/curfewkv/curfew/internal/command"
	"github.com/curfewkv/curfew/resp"
)

// caller is a command that calls others, as a script does: "caller key phase command ; command ...". It replies with their replies,
// and its own arguments after them.
var caller = &command.Spec{Name: "caller", Arity: -4, Flags: command.Write, Keys: command.Keys{First: 1, Last: 1, Step: 1}, Run: runCaller}

var phasesByName = map[string]command.Phase{"queued": command.Queued, "script": command.Script, "replay": command.Replay}

func runCaller(c *command.Ctx) error {
	var line [][]byte
	flush := func() {
		var out resp.Writer
		if err := c.Call(phasesByName[string(c.Args[2])], line, &out); err != nil {
			c.Out.Error(err.Error())
			if out.Len() != 0 {
				c.Out.Error("there is a reply beside the error")
			}
		}
		c.Out.Append(&out)
		line = nil
	}
	for _, a := range c.Args[3:] {
		if string(a) == ";" {
			flush()
			continue
		}
		line = append(line, a)
	}
	flush()
	c.Out.Bulk(c.Args[1])
	return nil
}

func TestACommandCallsOthersOnACtxOfTheirOwn(t *testing.T) {
	r := newRig(t, caller)
	c := r.connect()
	c.expect(
		[2]string{"caller k script set k 1 ; incr k ; incr k x ; get k", "+OK\r\n:2\r\n-ERR wrong number of arguments for 'incr' command\r\n$1\r\n2\r\n$1\r\nk\r\n"},
		[2]string{"caller k script caller k script caller k script get k", "$1\r\n2\r\n$1\r\nk\r\n$1\r\nk\r\n$1\r\nk\r\n"},
		[2]string{"multi", "+OK\r\n"}, [2]string{"caller k script incr k", "+QUEUED\r\n"}, [2]string{"get k", "+QUEUED\r\n"},
		[2]string{"exec", "*2\r\n:3\r\n$1\r\nk\r\n$1\r\n3\r\n"},
		[2]string{"get k", "$1\r\n3\r\n"},
	)
	calls := map[string]int64{}
	for _, s := range r.Dispatch.CommandTotals() {
		calls[s.Spec.Name] = s.Calls
	}
	if calls["incr"] != 2 || calls["caller"] != 5 || calls["exec"] != 1 || calls["get"] != 4 {
		t.Errorf("counted %v", calls)
	}
}

func TestWhatACommandCallsPassesTheGatesOfItsPhase(t *testing.T) {
	r := newRig(t, caller, guarded)
	c := r.connect()
	r.debug = command.Error("ERR guarded is not allowed")
	const notFromScript = "-ERR This Redis command is not allowed from script\r\n"
	for phase, refused := range map[string]bool{"queued": false, "script": true, "replay": false} {
		for _, cmd := range []string{"auth x", "monitor", "multi"} {
			got := c.feed("caller k " + phase + " " + cmd + "\r\n")
			if strings.HasPrefix(got, notFromScript) != refused {
				t.Errorf("%s in phase %s: %q", cmd, phase, got)
			}
			c.do("RESET")
		}
		if got := c.feed("caller k " + phase + " guarded\r\n"); !strings.HasPrefix(got, "+OK") {
			t.Errorf("the gate of clients was asked in phase %s: %q", phase, got)
		}
	}
	c.expect([2]string{"guarded", protected})
}

func TestACallCannotReachKeysThatAreNotLocked(t *testing.T) {
	r := newRig(t, caller)
	c := r.connect()
	got := c.feed("caller a script mset a 1 b 2 c 3 d 4 e 5 f 6 g 7 h 8\r\n")
	if got != "-ERR Script attempted to access keys that it did not declare\r\n$1\r\na\r\n" {
		t.Errorf("%q", got)
	}
	c.expect([2]string{"exists a", ":0\r\n"})
}

// What a command calls must not wait: it would keep its shards from all others.
func TestACallDoesNotWait(t *testing.T) {
	var p pops
	r := newRig(t, caller, p.spec())
	c := r.connect()
	c.expect([2]string{"caller k script take 0", "*-1\r\n$1\r\nk\r\n"})
	if c.Park != nil {
		t.Error("the session waits")
	}
}
