package lifetime

import "github.com/prometheus/client_golang/prometheus"

type skewFigures struct{}

func newSkewFigures() skewFigures { return skewFigures{} }

func (f skewFigures) collectors() []prometheus.Collector { return nil }
