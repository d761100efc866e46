package latency

// samples is how many seconds with samples an event remembers.
const samples = 160

// Sample is the longest duration of one second.
type Sample struct {
	Unix int64 // seconds
	Ms   int64
}

// series is the samples of one event, a ring.
type series struct {
	ring [samples]Sample
	n    int   // samples ever begun
	max  int64 // ms, of all time
}

func (s *series) add(ms, unix int64) {
	s.max = max(s.max, ms)
	if s.n > 0 {
		if last := s.last(); last.Unix == unix {
			last.Ms = max(last.Ms, ms)
			return
		}
	}
	s.ring[s.n%samples] = Sample{unix, ms}
	s.n++
}

// last is the newest sample. REQUIRES: there is one.
func (s *series) last() *Sample { return &s.ring[(s.n-1)%samples] }

// list copies the samples, oldest first.
func (s *series) list() []Sample {
	out := make([]Sample, 0, min(s.n, samples))
	for i := max(0, s.n-samples); i < s.n; i++ {
		out = append(out, s.ring[i%samples])
	}
	return out
}
