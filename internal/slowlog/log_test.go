package slowlog

import (
	"fmt"
	"strings"
	"sync"
	"testing"
)

func argv(words ...string) [][]byte {
	var out [][]byte
	for _, w := range words {
		out = append(out, []byte(w))
	}
	return out
}

func TestNewestFirstWithRisingIDs(t *testing.T) {
	limit := int64(10)
	l := New(func() int64 { return limit })
	for i := range 25 {
		l.Add(argv("SET", fmt.Sprint(i)), int64(i), int64(1000+i), "addr", "name")
	}
	all := l.Get(-1)
	if len(all) != 10 || l.Len() != 10 || len(l.Get(3)) != 3 || len(l.Get(0)) != 0 || len(l.Get(99)) != 10 {
		t.Fatalf("%d entries", len(all))
	}
	for i, e := range all {
		n := int64(24 - i)
		if e.ID != n || e.Micros != n || e.Unix != 1000+n || e.Args[1] != fmt.Sprint(n) || e.Addr != "addr" || e.Name != "name" {
			t.Errorf("entry %d: %+v", i, e)
		}
	}
	limit = 2
	l.Add(argv("PING"), 1, 1, "", "")
	if l.Len() != 2 || l.Get(-1)[1].ID != 24 {
		t.Error("a lowered limit does not hold")
	}
	l.Reset()
	l.Add(argv("PING"), 1, 1, "", "")
	if l.Len() != 1 || l.Get(-1)[0].ID != 26 {
		t.Error("Reset must keep the ids rising")
	}
	limit = 0
	l.Add(argv("PING"), 1, 1, "", "")
	if l.Len() != 1 || l.Get(-1)[0].ID != 26 {
		t.Error("a log of no entries took one")
	}
	limit = 2
	l.Add(argv("PING"), 1, 1, "", "")
	if l.Get(-1)[0].ID != 27 {
		t.Error("what was not kept took an id")
	}
}

func TestLongCommandsAreCut(t *testing.T) {
	l := New(func() int64 { return 10 })
	add := func(args ...string) []string {
		l.Add(argv(args...), 0, 0, "", "")
		return l.Get(1)[0].Args
	}
	words := strings.Fields(strings.Repeat("a ", 40))
	if got := add(words[:32]...); len(got) != 32 || got[31] != "a" {
		t.Errorf("32 arguments: %q", got)
	}
	if got := add(words[:33]...); len(got) != 32 || got[30] != "a" || got[31] != "... (2 more arguments)" {
		t.Errorf("33 arguments: %q", got)
	}
	if got := add(words...); got[31] != "... (9 more arguments)" {
		t.Errorf("40 arguments: %q", got)
	}
	long := strings.Repeat("x", 128)
	if got := add(long, long+"y", strings.Repeat("z", 1000)); got[0] != long ||
		got[1] != long+"... (1 more bytes)" || got[2] != strings.Repeat("z", 128)+"... (872 more bytes)" {
		t.Errorf("long arguments: %q", got)
	}
}

func TestConcurrentUse(t *testing.T) {
	l := New(func() int64 { return 64 })
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for i := range 500 {
				l.Add(argv("PING"), 0, 0, "", "")
				if i%10 == 0 {
					l.Get(5)
					l.Len()
				}
			}
		})
	}
	wg.Wait()
	if e := l.Get(1); e[0].ID != 1999 {
		t.Errorf("the last id is %d", e[0].ID)
	}
}
