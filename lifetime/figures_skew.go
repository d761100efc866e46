package lifetime

var (
	skewSeconds = &Figure{
		Name: "redis_clock_skew_seconds",
		Help: "By how much the clock of the node is ahead of the measuring host's, corrected by half of the round trip.",
		Kind: Gauge, Labels: []string{"node"},
	}
	skewErrorSeconds = &Figure{
		Name: "redis_clock_skew_error_seconds",
		Help: "The bound of the error of redis_clock_skew_seconds.",
		Kind: Gauge, Labels: []string{"node"},
	}

	skewFigures = []*Figure{skewSeconds, skewErrorSeconds}
)

// show shows the nodes of the last measurement: one that could not be asked, or is gone, has no figure, because an old
// one would look like a current one.
func (t Telemetry) show(report SkewReport) {
	skews, bounds := map[Labels]float64{}, map[Labels]float64{}
	for _, n := range report.Nodes {
		if n.Err == nil {
			skews[Labels{n.Node}], bounds[Labels{n.Node}] = n.Offset.Seconds(), n.Bound.Seconds()
		}
	}
	t.setAll(skewSeconds, skews)
	t.setAll(skewErrorSeconds, bounds)
}
