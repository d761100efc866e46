//go:build !race

// What the race detector remembers of memory is several times what the server takes.

package server

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
)

// Alerts on these ratios have 1.5 for their usual limit. What the program itself takes is no fragmentation, however few keys
// there are.
func TestTheRatiosOfMemoryRaiseNoFalseAlarm(t *testing.T) {
	c := child(t)
	for _, keys := range []int{0, 1, 100_000} {
		if keys > 0 {
			value := strings.Repeat("x", 100)
			for i := range keys {
				fmt.Fprintf(c, "SET key:%d %s\r\n", i, value)
				if i%1000 == 999 || i == keys-1 {
					for range i%1000 + 1 {
						if got, err := c.reply(); got != "+OK\r\n" {
							t.Fatal(got, err)
						}
					}
				}
			}
		}
		info := c.ask("INFO", "memory")
		for _, name := range []string{"mem_fragmentation_ratio", "allocator_frag_ratio", "allocator_rss_ratio", "rss_overhead_ratio"} {
			text := field(info, name)
			if f, err := strconv.ParseFloat(text, 64); err != nil || f < 0.2 || f > 1.5 {
				t.Errorf("%d keys: %s is %s", keys, name, text)
			}
		}
	}
}
