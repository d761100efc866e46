package stringcmd_test

import (
	"testing"
)

func TestHitsAllocateNothing(t *testing.T) {
	s := fresh(t)
	s.Quiet()
	for _, line := range [][]string{
		{"set", "key:0123456789ab", "a value of thirty-two characters"},
		{"set", "counter", "41"},
		{"set", "volatile", "a value of thirty-two characters", "EX", "100"},
	} {
		s.Do(line...)
	}
	for name, line := range map[string][]string{
		"get":               {"get", "key:0123456789ab"},
		"get of an integer": {"get", "counter"},
		"get with a TTL":    {"get", "volatile"},
		"get miss":          {"get", "missing"},
		"set":               {"set", "key:0123456789ab", "A value of thirty-two characters"},
		"set of an integer": {"set", "counter", "42"},
		"set with a TTL":    {"set", "volatile", "A value of thirty-two characters", "EX", "200"},
		"set forgets a TTL": {"set", "volatile", "A value of thirty-two characters"},
		"setex":             {"setex", "volatile", "300", "a value of thirty-two characters"},
		"incr":              {"incr", "counter"},
		"expire":            {"expire", "volatile", "100"},
		"ttl":               {"ttl", "volatile"},
		"exists":            {"exists", "volatile"},
	} {
		args := make([][]byte, len(line))
		for i, a := range line {
			args[i] = []byte(a)
		}
		n := testing.AllocsPerRun(200, func() {
			s.Session.Out.Buf = s.Session.Out.Buf[:0]
			s.Run(args)
		})
		if n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}
