package latency

import (
	"fmt"
	"strings"
)

const (
	graphColumns = 80
	graphRows    = 4
	// graphSteps are the characters by which a row's height is divided, lowest first; what is higher fills with '|'.
	graphSteps = "_o#"
)

// Graph draws an event's samples over their age at a unix time in seconds; false: there are none.
func (m *Monitor) Graph(event string, unix int64) (string, bool) {
	list, top := m.History(event)
	if len(list) == 0 {
		return "", false
	}
	low, high := list[0].Ms, list[0].Ms
	for _, s := range list {
		low, high = min(low, s.Ms), max(high, s.Ms)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s - high %d ms, low %d ms (all time high %d ms)\n", event, high, low, top)
	b.WriteString(strings.Repeat("-", graphColumns) + "\n")
	for i := 0; i < len(list); i += graphColumns {
		if i > 0 {
			b.WriteByte('\n')
		}
		drawPart(&b, list[i:min(i+graphColumns, len(list))], low, high, unix)
	}
	return b.String(), true
}

// drawPart draws what fits one line: a bar for each sample, an empty row, and its age written downwards.
func drawPart(b *strings.Builder, list []Sample, low, high, unix int64) {
	const steps = graphRows * len(graphSteps)
	span := max(1, high-low)
	line := make([]byte, len(list))
	for row := graphRows - 1; row >= 0; row-- {
		for i, s := range list {
			height := min(int((s.Ms-low)*int64(steps)/span), steps-1) - row*len(graphSteps)
			switch {
			case height < 0:
				line[i] = ' '
			case height < len(graphSteps):
				line[i] = graphSteps[height]
			default:
				line[i] = '|'
			}
		}
		b.Write(line)
		b.WriteByte('\n')
	}
	b.WriteString(strings.Repeat(" ", len(list)) + "\n")
	labels, longest := make([]string, len(list)), 0
	for i, s := range list {
		labels[i] = age(unix - s.Unix)
		longest = max(longest, len(labels[i]))
	}
	for row := range longest {
		for i, l := range labels {
			line[i] = ' '
			if row < len(l) {
				line[i] = l[row]
			}
		}
		b.Write(line)
		b.WriteByte('\n')
	}
}

// age is a time in seconds in its largest whole unit.
func age(sec int64) string {
	switch {
	case sec < 60:
		return fmt.Sprintf("%ds", sec)
	case sec < 3600:
		return fmt.Sprintf("%dm", sec/60)
	case sec < 24*3600:
		return fmt.Sprintf("%dh", sec/3600)
	}
	return fmt.Sprintf("%dd", sec/(24*3600))
}
