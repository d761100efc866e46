package keycmd_test

import (
	"bytes"
	"fmt"
	"strconv"
	"testing"

	"github.com/curfewkv/curfew/internal/command/commandtest"
	"github.com/curfewkv/curfew/resp"
	"pgregory.net/rapid"
)

// scanOnce runs one SCAN and returns the cursor and the keys.
func scanOnce(t rapid.TB, s *commandtest.Server, args ...string) (cursor string, keys []string) {
	v, err := resp.NewReader(bytes.NewReader([]byte(s.Do(append([]string{"scan"}, args...)...)))).Read()
	if err != nil || len(v.Array) != 2 {
		t.Fatalf("SCAN %q: %v, %v", args, v, err)
	}
	for _, k := range v.Array[1].Array {
		keys = append(keys, k.Str)
	}
	return v.Array[0].Str, keys
}

// A key that is there during the whole scan is listed, one that never was is not, while the table grows and shrinks.
func TestScanListsWhatIsThereThroughout(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := fresh(t)
		defer s.Keyspace.Close()
		stay := rapid.IntRange(0, 300).Draw(rt, "keys that stay")
		for i := range stay {
			s.Do("set", "stay:"+strconv.Itoa(i), "v")
		}
		churn, next := 0, 0
		add := func(n int) {
			for range n {
				s.Do("set", "churn:"+strconv.Itoa(next), "v")
				next++
			}
			churn += n
		}
		drop := func(n int) {
			for i := next - churn; n > 0 && churn > 0; n-- {
				s.Do("del", "churn:"+strconv.Itoa(i))
				i++
				churn--
			}
		}
		add(rapid.IntRange(0, 2000).Draw(rt, "others at first"))
		seen := map[string]int{}
		for cursor := "0"; ; {
			var keys []string
			cursor, keys = scanOnce(rt, s, cursor, "COUNT", strconv.Itoa(rapid.IntRange(1, 50).Draw(rt, "count")))
			for _, k := range keys {
				seen[k]++
			}
			if cursor == "0" {
				break
			}
			switch rapid.IntRange(0, 3).Draw(rt, "then") {
			case 0:
				add(rapid.IntRange(1, 500).Draw(rt, "grow"))
			case 1:
				drop(rapid.IntRange(1, 1000).Draw(rt, "shrink"))
			case 2: // moves the blocks of keys that stay
				for i := range min(stay, 20) {
					s.Do("append", "stay:"+strconv.Itoa(i), "xxxxxxxxxxxxxxxxxxxxxxxxx")
				}
			}
		}
		for i := range stay {
			if seen["stay:"+strconv.Itoa(i)] == 0 {
				rt.Errorf("stay:%d was there throughout and was not listed", i)
			}
		}
		for k := range seen {
			var i int
			if _, err := fmt.Sscanf(k, "churn:%d", &i); err == nil && i >= next {
				rt.Errorf("%s never was", k)
			}
		}
	})
}

func TestScanOfAQuietDatabaseListsEachKeyOnce(t *testing.T) {
	s := fresh(t)
	for i := range 5000 {
		s.Do("set", "key:"+strconv.Itoa(i), "v")
	}
	for _, count := range []string{"1", "10", "1000", "9223372036854775807"} {
		seen, calls := map[string]int{}, 0
		for cursor := "0"; calls == 0 || cursor != "0"; calls++ {
			var keys []string
			cursor, keys = scanOnce(t, s, cursor, "COUNT", count)
			for _, k := range keys {
				seen[k]++
			}
		}
		if len(seen) != 5000 {
			t.Errorf("COUNT %s: %d keys, want 5000", count, len(seen))
		}
		for k, n := range seen {
			if n != 1 {
				t.Errorf("COUNT %s: %s came %d times", count, k, n)
			}
		}
		if count == "9223372036854775807" && calls != 1 {
			t.Errorf("COUNT %s took %d calls", count, calls)
		}
	}
}

func TestScanEndsFromAnyCursor(t *testing.T) {
	s := fresh(t)
	for i := range 1000 {
		s.Do("set", "key:"+strconv.Itoa(i), "v")
	}
	for _, cursor := range []string{"1", "7", "281474976710655", "281474976710656", "1125899906842624", "9223372036854775807", "18446744073709551615"} {
		for calls := 0; cursor != "0"; calls++ {
			if calls > 10000 {
				t.Fatalf("the scan does not end")
			}
			cursor, _ = scanOnce(t, s, cursor)
		}
	}
}

func TestScanFiltersByPatternAndType(t *testing.T) {
	s := fresh(t)
	for i := range 100 {
		s.Do("set", "a:"+strconv.Itoa(i), "v")
		s.Do("set", "b:"+strconv.Itoa(i), "v")
	}
	for _, c := range []struct {
		args []string
		want int
	}{
		{[]string{"MATCH", "a:*"}, 100}, {[]string{"MATCH", "?:1*"}, 22}, {[]string{"MATCH", "a:5"}, 1}, {[]string{"MATCH", "c*"}, 0},
		{[]string{"TYPE", "string"}, 200}, {[]string{"TYPE", "hash"}, 0}, {[]string{"TYPE", "hash", "TYPE", "String"}, 200},
		{[]string{"TYPE", "string", "MATCH", "b:*", "COUNT", "3"}, 100},
	} {
		n := 0
		for cursor, first := "0", true; first || cursor != "0"; first = false {
			var keys []string
			cursor, keys = scanOnce(t, s, append([]string{cursor}, c.args...)...)
			n += len(keys)
		}
		if n != c.want {
			t.Errorf("%q: %d keys, want %d", c.args, n, c.want)
		}
	}
}
