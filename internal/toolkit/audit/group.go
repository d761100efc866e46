package audit

import (
	"cmp"
	"slices"
	"time"
)

// biggestKept is how many of its biggest keys a group remembers.
const biggestKept = 10

// group is what is counted of the keys under one pattern. A key of a sample counts for as many as it stands for. Its
// fields are exported for saved states.
type group struct {
	Keys     float64            `json:"keys"`
	NoTTL    float64            `json:"no_ttl,omitempty"`
	Bytes    float64            `json:"bytes,omitempty"`
	NoTTLLen float64            `json:"no_ttl_bytes,omitempty"`
	Classes  [classes]float64   `json:"classes"`
	TTL      sketch             `json:"ttl,omitempty"`  // milliseconds
	Idle     sketch             `json:"idle,omitempty"` // seconds
	Freq     sketch             `json:"freq,omitempty"`
	Types    map[string]float64 `json:"types,omitempty"`
	Biggest  []BigKey           `json:"biggest,omitempty"`
}

// A BigKey is a key that was seen to be big.
type BigKey struct {
	Key   string `json:"key"`
	Bytes int64  `json:"bytes"`
	Type  string `json:"type,omitempty"`
	TTL   *int64 `json:"ttl_ms"` // nil: none
}

func (g *group) add(r *Record, weight float64) {
	g.Keys += weight
	g.Classes[classOf(r.TTL)] += weight
	if r.TTL == NoTTL {
		g.NoTTL += weight
	} else {
		g.TTL.add(float64(r.TTL.Milliseconds()), weight)
	}
	if r.Bytes >= 0 {
		g.Bytes += weight * float64(r.Bytes)
		if r.TTL == NoTTL {
			g.NoTTLLen += weight * float64(r.Bytes)
		}
		g.addBiggest(r)
	}
	if r.Idle >= 0 {
		g.Idle.add(r.Idle.Seconds(), weight)
	}
	if r.Freq >= 0 {
		g.Freq.add(float64(r.Freq), weight)
	}
	if r.Type != "" {
		if g.Types == nil {
			g.Types = map[string]float64{}
		}
		g.Types[r.Type] += weight
	}
}

func (g *group) addBiggest(r *Record) {
	if len(g.Biggest) == biggestKept && r.Bytes <= g.Biggest[biggestKept-1].Bytes {
		return
	}
	big := BigKey{Key: r.Key, Bytes: r.Bytes, Type: r.Type}
	if r.TTL != NoTTL {
		ms := r.TTL.Milliseconds()
		big.TTL = &ms
	}
	g.Biggest = append(g.Biggest, big)
	g.trimBiggest()
}

func (g *group) trimBiggest() {
	slices.SortFunc(g.Biggest, func(a, b BigKey) int {
		return cmp.Or(cmp.Compare(b.Bytes, a.Bytes), cmp.Compare(a.Key, b.Key))
	})
	// SCAN may bring a key twice.
	g.Biggest = slices.CompactFunc(g.Biggest, func(a, b BigKey) bool { return a.Key == b.Key })
	g.Biggest = g.Biggest[:min(biggestKept, len(g.Biggest))]
}

func mergeGroups(into, from *group) {
	into.Keys += from.Keys
	into.NoTTL += from.NoTTL
	into.Bytes += from.Bytes
	into.NoTTLLen += from.NoTTLLen
	for i, n := range from.Classes {
		into.Classes[i] += n
	}
	into.TTL.merge(from.TTL)
	into.Idle.merge(from.Idle)
	into.Freq.merge(from.Freq)
	for name, n := range from.Types {
		if into.Types == nil {
			into.Types = map[string]float64{}
		}
		into.Types[name] += n
	}
	into.Biggest = append(into.Biggest, from.Biggest...)
	into.trimBiggest()
}

// weightOf is how much a key matters to which prefixes get a row: as one key, and for its bytes as much as so many keys of the
// usual small size, so that a few giants are not lost among millions.
func weightOf(r *Record) float64 {
	const usual = 256
	return 1 + float64(max(0, r.Bytes))/usual
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
