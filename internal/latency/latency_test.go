package latency

import (
	"slices"
	"strings"
	"sync"
	"testing"
)

func at(threshold int64) *Monitor { return New(func() int64 { return threshold }) }

func TestOnlyWhatReachesTheThresholdIsKept(t *testing.T) {
	for _, c := range []struct {
		threshold, ms int64
		kept          bool
	}{{0, 1000, false}, {10, 9, false}, {10, 10, true}, {1, 5, true}} {
		m := at(c.threshold)
		m.Add("command", c.ms, 100)
		if list, _ := m.History("command"); len(list) == 1 != c.kept {
			t.Errorf("threshold %d, %d ms: %v", c.threshold, c.ms, list)
		}
	}
}

func TestOneSampleASecondTheLongest(t *testing.T) {
	m := at(1)
	for _, s := range []Sample{{100, 5}, {100, 9}, {100, 7}, {101, 3}, {103, 4}} {
		m.Add("command", s.Ms, s.Unix)
	}
	list, top := m.History("command")
	if !slices.Equal(list, []Sample{{100, 9}, {101, 3}, {103, 4}}) || top != 9 {
		t.Errorf("%v, top %d", list, top)
	}
	if l := m.Latest(); len(l) != 1 || l[0] != (Latest{"command", Sample{103, 4}, 9}) {
		t.Errorf("%v", l)
	}
}

func TestTheLast160SecondsAreKept(t *testing.T) {
	m := at(1)
	m.Add("command", 999, 1)
	for i := range int64(1000) {
		m.Add("command", 1+i%7, 100+i)
	}
	list, top := m.History("command")
	if len(list) != 160 || list[0].Unix != 940 || list[159].Unix != 1099 || top != 999 {
		t.Errorf("%d samples, %v to %v, top %d", len(list), list[0], list[len(list)-1], top)
	}
}

func TestReset(t *testing.T) {
	m := at(1)
	for _, e := range []string{"command", "fast-command", "fork"} {
		m.Add(e, 5, 100)
	}
	if n := m.Reset("none"); n != 0 {
		t.Errorf("%d", n)
	}
	if n := m.Reset("FORK", "command", "fork"); n != 2 {
		t.Errorf("%d", n)
	}
	if l := m.Latest(); len(l) != 1 || l[0].Event != "fast-command" {
		t.Errorf("%v", l)
	}
	if n := m.Reset(); n != 1 || len(m.Latest()) != 0 {
		t.Errorf("%d", n)
	}
}

func TestGraph(t *testing.T) {
	m := at(1)
	for i, ms := range []int64{10, 20, 30, 40, 120} {
		m.Add("command", ms, int64(1000+i*50))
	}
	got, ok := m.Graph("command", 1200+5)
	want := "command - high 120 ms, low 10 ms (all time high 120 ms)\n" + strings.Repeat("-", 80) + "\n" +
		"    #\n" +
		"    |\n" +
		"   _|\n" +
		"_o#||\n" +
		"     \n" +
		"32155\n" +
		"mmm5s\n" +
		"   s \n"
	if !ok || got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	if _, ok := m.Graph("none", 0); ok {
		t.Error("drew nothing")
	}
}

func TestAge(t *testing.T) {
	for sec, want := range map[int64]string{0: "0s", 59: "59s", 60: "1m", 3599: "59m", 3600: "1h", 86399: "23h", 86400: "1d", 900000: "10d"} {
		if got := age(sec); got != want {
			t.Errorf("%d s: %s", sec, got)
		}
	}
}

func TestDoctor(t *testing.T) {
	off := at(0)
	if got := off.Doctor(0, Facts{}); !strings.Contains(got, "latency-monitor-threshold") {
		t.Errorf("off: %s", got)
	}
	m := at(10)
	if got := m.Doctor(0, Facts{}); !strings.Contains(got, "10 ms") {
		t.Errorf("healthy: %s", got)
	}
	m.Add("command", 10, 100)
	m.Add("command", 30, 110)
	m.Add("strange", 50, 110)
	got := m.Doctor(120, Facts{SlowlogMicros: -1, HugePages: true})
	for _, want := range []string{
		"1. command: 2 times, average 20 ms, mean deviation 10 ms, once in 10.00 s. The longest ever took 30 ms.",
		"2. strange: 1 times", "slow log on", "huge pages",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in\n%s", want, got)
		}
	}
}

func TestConcurrentUse(t *testing.T) {
	m := at(1)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for i := range int64(300) {
				m.Add("command", 1+i, i)
				m.Doctor(i, Facts{})
				m.Graph("command", i)
				if i%50 == 0 {
					m.Reset()
				}
			}
		})
	}
	wg.Wait()
}
