package sweep

// Counts are keys by what became of them. Each key that a sweep brought is in one of them, once.
type Counts struct {
	Changed int64 `json:"changed"`         // or would be, in a dry run
	Kept    int64 `json:"kept"`            // there was no reason to change it
	Gone    int64 `json:"gone"`            // it was gone before its turn came
	Failed  int64 `json:"failed"`          // it could not be changed
	Bytes   int64 `json:"bytes,omitempty"` // of the changed ones, where the tool asks
}

// Add counts the keys of another count too.
func (c *Counts) Add(o Counts) {
	c.Changed += o.Changed
	c.Kept += o.Kept
	c.Gone += o.Gone
	c.Failed += o.Failed
	c.Bytes += o.Bytes
}

// Keys is how many keys are counted.
func (c Counts) Keys() int64 { return c.Changed + c.Kept + c.Gone + c.Failed }

// A Tally counts keys by the rule that they fall under.
type Tally map[string]Counts

// Count adds keys to a rule.
func (t Tally) Count(rule string, c Counts) {
	sum := t[rule]
	sum.Add(c)
	t[rule] = sum
}

// Add adds another tally.
func (t Tally) Add(o Tally) {
	for rule, c := range o {
		t.Count(rule, c)
	}
}

// Sum is the count over all rules.
func (t Tally) Sum() Counts {
	var sum Counts
	for _, c := range t {
		sum.Add(c)
	}
	return sum
}
