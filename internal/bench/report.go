package bench

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
)

// Report is everything that a run showed, and where.
type Report struct {
	Started    time.Time         `json:"started"`
	Took       time.Duration     `json:"took_ns"`
	Command    string            `json:"command"`
	Quick      bool              `json:"quick"`
	Rounds     int               `json:"rounds"`
	Machine    Machine           `json:"machine"`
	Placement  string            `json:"placement"` // which cores
	Contenders []string          `json:"contenders"`
	Servers    map[string]string `json:"servers"` // versions by contender
	Outcomes   []Outcome         `json:"outcomes"`
	Noise      Noise             `json:"noise"`

	late distribution
}

// Noise is the driver's own unpunctuality: how late the bystander's thread woke up for a request that was due while the
// server owed it nothing. Waits of this size would be seen with any server.
type Noise struct {
	Samples int     `json:"samples"`
	P999    float64 `json:"p99_9_ms"`
	Worst   float64 `json:"worst_ms"`
}

func (n Noise) text() string {
	return fmt.Sprintf("the driver's own lateness: p99.9 %.2f ms, worst %.2f ms (%s wake-ups)", n.P999, n.Worst, thousands(int64(n.Samples)))
}

func (r *Report) finish() {
	r.Took = time.Since(r.Started)
	slices.Sort(r.late)
	r.Noise = Noise{Samples: len(r.late), P999: millis(r.late.quantile(.999)), Worst: millis(r.late.max())}
}

// Failed says that some contender could not be measured.
func (r *Report) Failed() bool {
	return slices.ContainsFunc(r.Outcomes, func(o Outcome) bool { return len(o.Failures) > 0 })
}

// Missed counts the goals that were not reached, and all that could be checked.
func (r *Report) Missed() (missed, checked int) {
	for _, o := range r.Outcomes {
		for i := range o.Rows {
			switch o.Rows[i].Verdict() {
			case Missed:
				missed++
				checked++
			case Met:
				checked++
			}
		}
	}
	return missed, checked
}

// CommandLine is the command as another user would type it on a machine with other folders.
func CommandLine(args []string) string {
	words := []string{"curfew"}
	for _, w := range args {
		flag, value, ok := strings.Cut(w, "=")
		switch {
		case ok && filepath.IsAbs(value):
			w = flag + "=" + filepath.Base(value)
		case filepath.IsAbs(w):
			w = filepath.Base(w)
		}
		if w == "" || strings.ContainsAny(w, " \"'$") {
			w = strconv.Quote(w)
		}
		words = append(words, w)
	}
	return strings.Join(words, " ")
}

// Machine is where the figures come from.
type Machine struct {
	CPU    string  `json:"cpu"`
	Cores  int     `json:"cores"`
	Memory float64 `json:"memory_gib"`
	System string  `json:"system"`
	Go     string  `json:"go"`
}

func readMachine() Machine {
	m := Machine{CPU: runtime.GOARCH, Cores: runtime.NumCPU(), System: runtime.GOOS, Go: runtime.Version()}
	if name := procValue("/proc/cpuinfo", "model name"); name != "" {
		m.CPU = name
	}
	if kb, err := strconv.ParseFloat(strings.TrimSuffix(procValue("/proc/meminfo", "MemTotal"), " kB"), 64); err == nil {
		m.Memory = kb / (1 << 20)
	}
	if release, err := os.ReadFile("/proc/sys/kernel/osrelease"); err == nil {
		m.System += " " + strings.TrimSpace(string(release))
	}
	return m
}

// procValue returns the first value of "name: value" in a file, or nothing.
func procValue(path, name string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(text)) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// version names the server: others announce a Redis version beside their own.
func (t *Target) version() string {
	fields, err := t.info("server")
	if err != nil {
		return "unknown"
	}
	for _, name := range [...]string{"curfew", "valkey", "dragonfly", "redis"} {
		if v := fields[name+"_version"]; v != "" {
			return name + " " + v
		}
	}
	return "unknown"
}

// text writes a cell's value.
func (c *Cell) text(u Unit) string {
	switch {
	case c.Missing != "":
		return "-"
	case c.AtLeast:
		return ">= " + u.format(c.Median)
	}
	return u.format(c.Median)
}

// columns returns a row's fields as a table shows them: figure, unit, goal, one per contender, ratio, verdict.
func (r *Row) columns() []string {
	out := []string{r.Name, string(r.Unit), r.Goal.text(r.Unit, r.Better)}
	for i := range r.Cells {
		out = append(out, r.Cells[i].text(r.Unit))
	}
	if len(r.Cells) > 1 {
		ratio := ""
		if v, ok := r.ratio(); ok && r.Better != Plain {
			ratio = Factor.format(v)
			if r.Cells[1].AtLeast && !r.Cells[0].AtLeast {
				ratio = "<= " + ratio
			}
		}
		out = append(out, ratio)
	}
	return append(out, string(r.Verdict()))
}

// titles returns the head of the table that columns fills.
func (r *Report) titles() []string {
	out := append([]string{"figure", "unit", "goal"}, r.Contenders...)
	if len(r.Contenders) > 1 {
		out = append(out, "ratio")
	}
	return append(out, "verdict")
}

// WriteTable prints everything for a terminal.
func (r *Report) WriteTable(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, o := range r.Outcomes {
		titles := r.titles()
		titles[0] = strings.ToUpper(o.Scenario)
		fmt.Fprintln(t, strings.Join(titles, "\t"))
		for i := range o.Rows {
			fmt.Fprintln(t, strings.Join(o.Rows[i].columns(), "\t"))
		}
		fmt.Fprintln(t)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	for _, o := range r.Outcomes {
		for _, name := range r.Contenders {
			if text := o.Failures[name]; text != "" {
				fmt.Fprintf(w, "%s could not be measured: %s\n", name, text)
			}
		}
	}
	missed, checked := r.Missed()
	noise := ""
	if r.Noise.Samples > 0 {
		noise = "; " + r.Noise.text()
	}
	_, err := fmt.Fprintf(w, "%d of %d goals met; %d rounds in %v%s\n", checked-missed, checked, r.Rounds, r.Took.Round(time.Second), noise)
	return err
}
