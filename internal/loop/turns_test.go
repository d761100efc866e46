package loop

import (
	"strings"
	"testing"
	"time"
)

// What INFO tells of loops is what they did: system calls that moved bytes, turns and the commands in them.
func TestLoopsHandOverWhatTheyDid(t *testing.T) {
	r := newRig(t, 1)
	c := r.connect(0)
	info := func(section string) string {
		t.Helper()
		r.clock.Advance(150 * time.Millisecond)
		r.turn(0) // the tick hands over
		c.send("INFO", section)
		r.turn(0)
		return c.take()
	}
	value := func(text, name string) string {
		_, after, _ := strings.Cut(text, "\n"+name+":")
		got, _, _ := strings.Cut(after, "\r")
		return got
	}
	for range 3 {
		c.send("PING")
	}
	r.turn(0)
	c.take()
	stats := info("stats")
	for name, want := range map[string]string{"total_reads_processed": "1", "total_writes_processed": "1"} {
		if got := value(stats, name); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
	if got := value(stats, "eventloop_cycles"); got == "0" || got == "" {
		t.Errorf("%q turns", got)
	}
	if got := value(info("debug"), "eventloop_cmd_per_cycle_max"); got != "3" {
		t.Errorf("at most %s commands in a turn, 3 were sent at once", got)
	}
}
