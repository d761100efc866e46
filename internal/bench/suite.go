package bench

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Suite puts scenarios to contenders.
type Suite struct {
	Scenarios []Scenario
	// Contenders are one or two; the first is the one whose goals are checked, the second its peer.
	Contenders []Launcher
	Rounds     int
	Progress   Progress
	// Done is told about each scenario as soon as it is measured.
	Done func(o *Outcome)
}

// Outcome is what one scenario showed.
type Outcome struct {
	Scenario string `json:"scenario"`
	About    string `json:"about"`
	Rows     []Row  `json:"rows"`
	// Failures are the contenders' errors, by name.
	Failures map[string]string `json:"failures,omitempty"`
}

// Row is one figure of all contenders. The Figure in it has no value of its own.
type Row struct {
	Figure
	Cells []Cell `json:"cells"` // in the order of Suite.Contenders
}

// Cell is one contender's figure: the median of its rounds.
type Cell struct {
	Contender string    `json:"contender"`
	Median    float64   `json:"median"`
	Rounds    []float64 `json:"rounds,omitempty"`
	AtLeast   bool      `json:"at_least,omitempty"`
	Missing   string    `json:"missing,omitempty"`
}

// Run measures everything. A scenario that fails for a contender becomes a failure in its outcome, and the others go
// on; the error is for what makes all of it pointless, such as a cancelled context, and the report then holds what was
// measured before.
func (s *Suite) Run(ctx context.Context) (*Report, error) {
	report := &Report{Started: time.Now(), Rounds: s.Rounds, Machine: readMachine(), Servers: make(map[string]string)}
	for _, c := range s.Contenders {
		report.Contenders = append(report.Contenders, c.Name())
	}
	for _, scenario := range s.Scenarios {
		o, err := s.put(ctx, scenario, report)
		if err != nil {
			report.finish()
			return report, err
		}
		report.Outcomes = append(report.Outcomes, *o)
		if s.Done != nil {
			s.Done(o)
		}
	}
	report.finish()
	return report, nil
}

// put runs one scenario: all contenders in turn, then the next round, so that a slow spell of the machine meets both.
func (s *Suite) put(ctx context.Context, scenario Scenario, report *Report) (*Outcome, error) {
	o := &Outcome{Scenario: scenario.Name(), About: scenario.About()}
	for range s.Rounds {
		for i, c := range s.Contenders {
			if o.Failures[c.Name()] != "" {
				continue
			}
			figures, err := s.measure(ctx, scenario, c, report)
			if ctx.Err() != nil {
				return o, ctx.Err()
			}
			if err != nil {
				if o.Failures == nil {
					o.Failures = make(map[string]string)
				}
				o.Failures[c.Name()] = err.Error()
				continue
			}
			s.collect(o, i, figures)
		}
	}
	for i := range o.Rows {
		o.Rows[i].finish()
	}
	return o, nil
}

// measure runs a scenario once against a server of its own.
func (s *Suite) measure(ctx context.Context, scenario Scenario, c Launcher, report *Report) (figures []Figure, err error) {
	t, stop, err := c.Launch(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, stop()) }()
	t.progress = s.Progress
	if t.progress == nil {
		t.progress = func(string, int64) (func(int64), func()) { return func(int64) {}, func() {} }
	}
	if err := t.dial(); err != nil {
		return nil, err
	}
	defer func() { _ = t.conn.Close() }()
	if report.Servers[c.Name()] == "" {
		report.Servers[c.Name()] = t.version()
	}
	if figures, err = scenario.Run(ctx, t); err != nil {
		return nil, fmt.Errorf("%s: %w", scenario.Name(), err)
	}
	report.late = append(report.late, t.late...)
	return figures, nil
}

// collect adds one contender's figures to the rows of the same names.
func (s *Suite) collect(o *Outcome, contender int, figures []Figure) {
	for _, f := range figures {
		at := slices.IndexFunc(o.Rows, func(r Row) bool { return r.Name == f.Name })
		if at < 0 {
			row := Row{Figure: f, Cells: make([]Cell, len(s.Contenders))}
			row.Value, row.AtLeast, row.Missing = 0, false, ""
			for i, c := range s.Contenders {
				row.Cells[i].Contender = c.Name()
			}
			o.Rows = append(o.Rows, row)
			at = len(o.Rows) - 1
		}
		cell := &o.Rows[at].Cells[contender]
		if f.Missing != "" {
			cell.Missing = f.Missing
			continue
		}
		cell.Rounds = append(cell.Rounds, f.Value)
		cell.AtLeast = cell.AtLeast || f.AtLeast
	}
}

func (r *Row) finish() {
	for i := range r.Cells {
		c := &r.Cells[i]
		c.Median = median(c.Rounds)
		if len(c.Rounds) == 0 && c.Missing == "" {
			c.Missing = "not measured"
		}
	}
}

// ratio returns the first contender's figure over the second's; ok is false where there are not two numbers.
func (r *Row) ratio() (value float64, ok bool) {
	if len(r.Cells) < 2 || r.Cells[0].Missing != "" || r.Cells[1].Missing != "" || r.Cells[1].Median == 0 {
		return 0, false
	}
	return r.Cells[0].Median / r.Cells[1].Median, true
}

// Verdict says how a figure stands to its goal.
type Verdict string

const (
	Met     Verdict = "met"
	Missed  Verdict = "MISSED"
	Unknown Verdict = "" // no goal, or nothing to compare
)

// Verdict compares the first contender's figure with the goal.
func (r *Row) Verdict() Verdict {
	if r.Goal == nil || r.Cells[0].Missing != "" {
		return Unknown
	}
	value := r.Cells[0].Median
	if r.Goal.OfPeer {
		ratio, ok := r.ratio()
		if !ok {
			return Unknown
		}
		value = ratio
	}
	kept := value <= r.Goal.Limit
	if r.Better == Higher {
		kept = value >= r.Goal.Limit
	}
	if kept && !(r.Cells[0].AtLeast && r.Better == Lower) {
		return Met
	}
	return Missed
}
