package trace

import (
	"bytes"
	"math"
	"strconv"
	"time"
)

// table reads comma-separated rows whose first one names the columns. No known trace quotes its fields.
type table struct {
	lines
	at     map[string]int // column by name
	fields [][]byte
}

// header reads the row of names and checks that the wanted ones are there.
func (c *table) header(want ...string) error {
	line, err := c.lines.next()
	if err != nil {
		return err
	}
	c.at = make(map[string]int)
	for i, name := range bytes.Split(line, []byte{','}) {
		c.at[string(name)] = i
	}
	for _, name := range want {
		if _, ok := c.at[name]; !ok {
			return c.errorf("no column %s", name)
		}
	}
	return nil
}

// next reads one row.
func (c *table) next() error {
	line, err := c.lines.next()
	if err != nil {
		return err
	}
	c.fields = c.fields[:0]
	for field := range bytes.SplitSeq(line, []byte{','}) {
		c.fields = append(c.fields, field)
	}
	if len(c.fields) < len(c.at) {
		return c.errorf("%d columns of %d", len(c.fields), len(c.at))
	}
	return nil
}

// text returns the field of a column that header checked.
func (c *table) text(column string) []byte { return c.fields[c.at[column]] }

// int returns the field as an integer.
func (c *table) int(column string) (int64, error) {
	n, ok := parseInt(c.text(column))
	if !ok {
		return 0, c.errorf("%s is not a number: %q", column, c.text(column))
	}
	return n, nil
}

// seconds turns a recorder's lifetime into a duration: 0 and below stand for none.
func seconds(n int64) time.Duration {
	if n <= 0 {
		return 0
	}
	return time.Duration(min(n, math.MaxInt64/int64(time.Second))) * time.Second
}

// parseSeconds reads a number of seconds that may be written like 1.2096e+06.
func parseSeconds(s string) (time.Duration, bool) {
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || f <= 0 || f > 1e9 {
		return 0, false
	}
	return time.Duration(f * float64(time.Second)), true
}
