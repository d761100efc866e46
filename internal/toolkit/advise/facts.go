package advise

import "time"

// Facts are what the advice rests on.
type Facts struct {
	Server   Server
	Prefixes []Prefix
}

// Server is what INFO tells of one primary, or of all added up. Amounts are bytes; -1 where the server does not say.
type Server struct {
	Addr          string
	Version       string
	UsedMemory    int64
	PeakMemory    int64
	SystemMemory  int64
	MaxMemory     int64 // 0: no limit
	Policy        string
	Samples       int // maxmemory-samples; 0: CONFIG is refused
	Keys, Expires int64
	Hits, Misses  int64
	Evicted       int64
	OOMErrors     int64
	Fragmentation float64 // RSS over used_memory
	Replicas      int
	Persistence   bool // snapshots or an append-only file
	Uptime        time.Duration
	Exact         bool // Curfew: candidates are not sampled at the size that maxmemory-samples says
}

// Prefix is what a sample of the keys under one prefix shows.
type Prefix struct {
	Name       string
	Pattern    string   // the glob pattern that its keys match; "": there is none
	Except     []string // patterns of other prefixes whose keys match it too
	Keys       int64    // estimated
	NoTTL      float64  // share of keys without a TTL, 0 to 1
	Bytes      int64
	Sampled    int
	TTLMedian  time.Duration // remaining; 0: no key of the sample has one
	TTLP90     time.Duration
	IdleMedian time.Duration // -1: OBJECT IDLETIME is refused, or the policy is LFU
	IdleP90    time.Duration
	Lockstep   float64 // share of the keys with a TTL that end within the one second in which most do

	// What happened to the sampled keys while they were watched.
	Watched time.Duration
	Removed float64 // share that went before their time, which is invalidation at work (or eviction, see Server.Evicted)
	Renewed float64 // share whose end was moved away: written again, or a sliding session
}
