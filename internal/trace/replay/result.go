package replay

import "time"

// Result is what one replay showed.
type Result struct {
	Label   string `json:"label"`  // which server and policy, for tables
	Server  string `json:"server"` // its name and version
	Policy  string `json:"policy"`
	Trace   string `json:"trace"`
	Options string `json:"options"`

	Requests  int64         `json:"requests"`
	Gets      int64         `json:"gets"`
	Hits      int64         `json:"hits"`
	Sets      int64         `json:"sets"`
	Deletes   int64         `json:"deletes"`
	Refused   int64         `json:"refused"`    // writes answered with OOM
	CutValues int64         `json:"cut_values"` // requests whose value was longer than MaxValueSize
	Elapsed   time.Duration `json:"elapsed_ns"`

	// The server's own figures: differences of INFO, and its state afterwards.
	Evicted       int64            `json:"evicted_keys"`
	Expired       int64            `json:"expired_keys"`
	MissesBecause map[string]int64 `json:"misses_because,omitempty"` // of servers that tell
	Keys          int64            `json:"keys"`
	UsedMemory    int64            `json:"used_memory"`
	PeakMemory    int64            `json:"peak_used_memory"` // as sampled
	RSS           int64            `json:"used_memory_rss"`
	MaxMemory     int64            `json:"maxmemory"`
}

// Misses is the number of reads that found nothing.
func (r *Result) Misses() int64 { return r.Gets - r.Hits }

// HitRatio is the share of reads that found their key.
func (r *Result) HitRatio() float64 {
	if r.Gets == 0 {
		return 0
	}
	return float64(r.Hits) / float64(r.Gets)
}

// Overshoot is by how many bytes used_memory was seen above the limit.
func (r *Result) Overshoot() int64 {
	if r.MaxMemory == 0 {
		return 0
	}
	return max(0, r.PeakMemory-r.MaxMemory)
}

// PerSecond is the rate of requests.
func (r *Result) PerSecond() float64 {
	if r.Elapsed <= 0 {
		return 0
	}
	return float64(r.Requests) / r.Elapsed.Seconds()
}

func (r *Result) add(c *counts) {
	r.Gets += c.gets
	r.Hits += c.hits
	r.Sets += c.sets
	r.Deletes += c.deletes
	r.Refused += c.refused
}

// missReasons are the figures of servers that say why a read missed.
var missReasons = [...]string{"expired", "evicted", "invalidated", "absent"}

func (r *Result) fromInfo(before, after info) {
	r.Evicted = after["evicted_keys"] - before["evicted_keys"]
	r.Expired = after["expired_keys"] - before["expired_keys"]
	r.UsedMemory = after["used_memory"]
	r.PeakMemory = max(r.PeakMemory, r.UsedMemory)
	r.RSS = after["used_memory_rss"]
	r.MaxMemory = after["maxmemory"]
	for _, reason := range missReasons {
		name := "keyspace_misses_" + reason
		if n, ok := after[name]; ok {
			if r.MissesBecause == nil {
				r.MissesBecause = make(map[string]int64)
			}
			r.MissesBecause[reason] = n - before[name]
		}
	}
}
