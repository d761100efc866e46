package latency

import (
	"fmt"
	"strings"
)

// Facts are what the doctor asks about the server.
type Facts struct {
	// SlowlogMicros is slowlog-log-slower-than, negative when there is no slow log.
	SlowlogMicros int64
	// HugePages: the system gives transparent huge pages to the process.
	HugePages bool
}

// stats sum up an event's samples.
type stats struct {
	n                 int
	average, meanDev  int64 // ms
	everySec          float64
	shortest, longest int64 // ms
}

func sumUp(list []Sample, unix int64) stats {
	st := stats{n: len(list), shortest: list[0].Ms, longest: list[0].Ms}
	for _, s := range list {
		st.average += s.Ms
		st.shortest, st.longest = min(st.shortest, s.Ms), max(st.longest, s.Ms)
	}
	st.average /= int64(st.n)
	for _, s := range list {
		st.meanDev += max(s.Ms-st.average, st.average-s.Ms)
	}
	st.meanDev /= int64(st.n)
	st.everySec = float64(max(1, unix-list[0].Unix)) / float64(st.n)
	return st
}

// Doctor reports on all events at a unix time in seconds, with advice.
func (m *Monitor) Doctor(unix int64, f Facts) string {
	events := m.Latest()
	if len(events) == 0 {
		if m.threshold() <= 0 {
			return "Latency is not monitored. CONFIG SET latency-monitor-threshold <milliseconds> turns it on.\n"
		}
		return fmt.Sprintf("Nothing has taken %d ms or more since the latency monitor was turned on or reset.\n", m.threshold())
	}
	var b strings.Builder
	b.WriteString("What took long:\n\n")
	for i, e := range events {
		list, top := m.History(e.Event)
		if len(list) == 0 {
			continue // reset meanwhile
		}
		st := sumUp(list, unix)
		fmt.Fprintf(&b, "%d. %s: %d times, average %d ms, mean deviation %d ms, once in %.2f s. The longest ever took %d ms.\n",
			i+1, e.Event, st.n, st.average, st.meanDev, st.everySec, top)
	}
	b.WriteString("\nWhat may help:\n\n")
	for _, line := range advice(events, f) {
		b.WriteString("- " + line + "\n")
	}
	return b.String()
}

// advice says what to look at, most specific first.
func advice(events []Latest, f Facts) []string {
	var out []string
	for _, e := range events {
		switch e.Event {
		case "command":
			out = append(out, commandAdvice(f))
		case "fast-command":
			out = append(out, "Commands that do little took long: the machine gives the server too little CPU time. Look for other processes, "+
				"for a virtual machine that waits for its host, and for swapping.")
		case "expire-cycle":
			out = append(out, "Very many keys were due at the same moment. Spread their times to live.")
		case "eviction-cycle", "eviction-del":
			out = append(out, "Much had to be evicted at once. Leave more room under maxmemory, or lower it in small steps.")
		case "active-defrag-cycle":
			out = append(out, "Moving keys together took long. Consider activedefrag no.")
		}
	}
	if f.HugePages {
		out = append(out, "Transparent huge pages are in use; they make single memory accesses slow. Turn them off: "+
			"echo never > /sys/kernel/mm/transparent_hugepage/enabled")
	}
	if len(out) == 0 {
		out = append(out, "Nothing known: compare the times in LATENCY HISTORY with what else ran on the machine.")
	}
	return out
}

// commandAdvice is about commands that took long in themselves.
func commandAdvice(f Facts) string {
	const rest = " Commands on very many elements, or on all keys, are what takes long: SCAN and smaller steps help."
	switch {
	case f.SlowlogMicros < 0:
		return "Turn the slow log on to see which commands it was: CONFIG SET slowlog-log-slower-than 10000." + rest
	case f.SlowlogMicros > 100_000:
		return "Lower slowlog-log-slower-than to see more of the commands that it was." + rest
	}
	return "SLOWLOG GET shows which commands it was." + rest
}
