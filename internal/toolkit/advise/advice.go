package advise

import (
	"fmt"
	"strings"
	"time"
)

// Advice is one recommendation.
type Advice struct {
	Subject string   `json:"subject"` // maxmemory, maxmemory-policy, maxmemory-samples, or a prefix
	Verdict string   `json:"verdict"` // what to do, in few words; "keep": it is good as it is
	Why     []string `json:"why"`     // figures, each a sentence
	Do      []string `json:"do"`      // commands or settings, ready to use
}

// Strategies of a prefix: where the end of its keys should come from.
const (
	ByTTL      = "TTL"
	ByExplicit = "explicit invalidation"
	ByBoth     = "TTL and explicit invalidation"
)

// For gives the advice for a server and its prefixes: settings first, then prefixes in the order given.
func For(f Facts) []Advice {
	all := []Advice{forPolicy(f), forMemory(f.Server), forSamples(f.Server)}
	for _, p := range f.Prefixes {
		all = append(all, forPrefix(p))
	}
	return all
}

// Shares of keys with a TTL that make a dataset a cache, or a mix.
const (
	mostlyCache = 0.95
	hardlyCache = 0.05
)

// forPolicy follows the guide: all data expendable, allkeys; cache beside permanent data, volatile; nothing may be lost,
// noeviction. What may be lost is not visible from outside: a TTL is taken for the owner's word that a key may go.
func forPolicy(f Facts) Advice {
	s := f.Server
	a := Advice{Subject: "maxmemory-policy"}
	if s.Keys <= 0 {
		a.Verdict = "cannot tell"
		a.Why = []string{"there are no keys to judge by"}
		return a
	}
	share := float64(s.Expires) / float64(s.Keys)
	a.Why = append(a.Why, fmt.Sprintf("%s of %s keys have a TTL, which says that they may go", percent(share), count(s.Keys)))
	skewed, skewWhy := skew(f.Prefixes)
	kind := "lru"
	if skewed {
		kind = "lfu"
	}
	if skewWhy != "" {
		a.Why = append(a.Why, skewWhy)
	}
	want := ""
	switch {
	case share >= mostlyCache:
		want = "allkeys-" + kind
		if s.Expires < s.Keys {
			a.Why = append(a.Why, fmt.Sprintf("the other %s would be evicted like them: if they must stay, keep them on a server of their own, or take volatile-%s", count(s.Keys-s.Expires), kind))
		}
	case share > hardlyCache:
		want = "volatile-" + kind
		a.Why = append(a.Why, "the others look permanent: only keys with a TTL may be evicted")
	default:
		want = "noeviction"
		a.Why = append(a.Why, "hardly any key may go: a full server should refuse writes rather than lose data")
	}
	if s.OOMErrors > 0 {
		a.Why = append(a.Why, fmt.Sprintf("%s writes were refused for want of memory", count(s.OOMErrors)))
	}
	if strings.HasPrefix(s.Policy, "volatile-") && share <= hardlyCache {
		a.Why = append(a.Why, fmt.Sprintf("%s can evict %s keys only, and refuses writes after them", s.Policy, count(s.Expires)))
	}
	switch {
	case s.Policy == want:
		a.Verdict = "keep"
	case family(s.Policy) == family(want) && s.Policy != "":
		a.Verdict = "keep"
		a.Why = append(a.Why, fmt.Sprintf("%s and %s choose from the same keys; try the other one on your traffic before you change it", s.Policy, want))
	default:
		a.Verdict = want
		a.Do = []string{"CONFIG SET maxmemory-policy " + want, "maxmemory-policy " + want + " (redis.conf, or the parameter group of a managed service)"}
	}
	return a
}

// family is what a policy chooses from.
func family(policy string) string {
	before, _, _ := strings.Cut(policy, "-")
	return before
}

// skew judges whether some keys are far more popular than others: then the idle times of most are long while those of a
// few are short.
func skew(prefixes []Prefix) (bool, string) {
	keys, skewed := int64(0), int64(0)
	for _, p := range prefixes {
		if p.IdleMedian < 0 || p.IdleP90 < 0 || p.Sampled < 30 {
			continue
		}
		keys += p.Keys
		if p.IdleMedian > time.Minute && p.IdleP90 > 8*p.IdleMedian {
			skewed += p.Keys
		}
	}
	switch {
	case keys == 0:
		return false, "idle times are not to be had, so recency (LRU) is assumed; the LFU policies suit where few keys get most reads"
	case skewed*2 > keys:
		return true, fmt.Sprintf("idle times are far apart (p90 over 8 times the median) for %s keys: a part of them is far more popular", count(skewed))
	}
	return false, "idle times are close together: recency tells keys apart well enough"
}

// Room that is left to a server beside its data.
const (
	headroom    = 1.25 // growth until somebody reacts
	forSystem   = 0.75 // of the machine's memory, for everything of a server
	forkReserve = 0.60 // the same when it forks for snapshots: pages written meanwhile are copied

	// smallest is the least limit to advise where the machine has room: a server with little in it has just begun, and its use
	// of today says nothing about what it is for.
	smallest = 1 << 30
)

func forMemory(s Server) Advice {
	a := Advice{Subject: "maxmemory"}
	if s.UsedMemory <= 0 {
		a.Verdict, a.Why = "cannot tell", []string{"INFO memory is refused"}
		return a
	}
	a.Why = append(a.Why, fmt.Sprintf("%s are used, %s at the peak", size(s.UsedMemory), size(max(s.PeakMemory, s.UsedMemory))))
	limit := int64(0)
	if s.SystemMemory > 0 {
		share, why := forSystem, "the rest is for buffers of clients and replicas, and fragmentation"
		if s.Persistence {
			share, why = forkReserve, "the rest is for pages that are copied while a snapshot is written"
		}
		limit = int64(float64(s.SystemMemory) * share)
		a.Why = append(a.Why, fmt.Sprintf("the machine has %s, of which %s can be the limit: %s", size(s.SystemMemory), size(limit), why))
	}
	want := max(int64(float64(max(s.PeakMemory, s.UsedMemory))*headroom), min(smallest, limit))
	switch {
	case s.MaxMemory == 0 && limit > 0 && want > limit:
		want = limit
		a.Why = append(a.Why, "the data has outgrown the machine")
		fallthrough
	case s.MaxMemory == 0:
		a.Verdict = size(want)
		a.Why = append(a.Why, "there is no limit: the machine's memory is it, and the kernel ends what crosses that")
		s.limit(&a, want)
	case limit > 0 && s.MaxMemory > limit:
		a.Verdict = size(limit)
		a.Why = append(a.Why, fmt.Sprintf("the limit of %s leaves the machine too little", size(s.MaxMemory)))
		s.limit(&a, limit)
	case float64(s.UsedMemory) > 0.9*float64(s.MaxMemory) && s.Evicted == 0:
		a.Verdict = "more memory, or shorter lives"
		a.Why = append(a.Why, fmt.Sprintf("%s of the limit are used, and nothing was evicted yet", percent(float64(s.UsedMemory)/float64(s.MaxMemory))))
		a.Do = []string{"curfew ttl audit", fmt.Sprintf("CONFIG SET maxmemory %d", want)}
	default:
		a.Verdict = "keep"
		a.Why = append(a.Why, fmt.Sprintf("%s of the limit of %s are used", percent(float64(s.UsedMemory)/float64(s.MaxMemory)), size(s.MaxMemory)))
	}
	if s.Fragmentation > 1.5 && s.UsedMemory > 100<<20 {
		a.Why = append(a.Why, fmt.Sprintf("the process holds %.1f times of that: activedefrag gives some of it back", s.Fragmentation))
		a.Do = append(a.Do, "CONFIG SET activedefrag yes")
	}
	return a
}

// limit tells how to set a limit; first to make room for it, where more than that is used already.
func (s Server) limit(a *Advice, want int64) {
	if s.UsedMemory > want {
		a.Why = append(a.Why, "more is used already: a limit set now makes the server evict or refuse writes at once, so free memory, or move to a larger machine, first")
		a.Do = append(a.Do, "curfew ttl audit")
	}
	a.Do = append(a.Do, fmt.Sprintf("CONFIG SET maxmemory %d", want))
}

func forSamples(s Server) Advice {
	a := Advice{Subject: "maxmemory-samples", Verdict: "keep"}
	reads := s.Hits + s.Misses
	switch {
	case s.Exact:
		a.Why = []string{"Curfew keeps a pool of candidates that reaches the exact policy whatever the setting"}
	case s.Samples == 0:
		a.Verdict, a.Why = "cannot tell", []string{"CONFIG is refused"}
	case s.Evicted == 0:
		a.Why = []string{fmt.Sprintf("nothing was evicted: %d makes no difference", s.Samples)}
	case s.Samples < 10 && (strings.HasSuffix(s.Policy, "lru") || strings.HasSuffix(s.Policy, "lfu") || strings.HasSuffix(s.Policy, "ttl")):
		a.Verdict = "10"
		a.Why = []string{fmt.Sprintf("%s keys were evicted by a choice among %d: 10 comes close to the exact policy for a little more CPU", count(s.Evicted), s.Samples)}
		a.Do = []string{"CONFIG SET maxmemory-samples 10"}
	default:
		a.Why = []string{fmt.Sprintf("%d is close to the exact policy", s.Samples)}
	}
	if reads > 0 {
		a.Why = append(a.Why, fmt.Sprintf("%s of %s reads hit", percent(float64(s.Hits)/float64(reads)), count(reads)))
	}
	return a
}
