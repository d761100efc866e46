package reading

import (
	"context"
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/curfewkv/curfew/internal/toolkit/connect"
	"github.com/curfewkv/curfew/internal/toolkit/prefix"
)

// samplePage is how many keys are looked at between two pauses: few, because there is no hurry.
const samplePage = 50

// SamplerOptions bound what a Sampler does to the servers. Zero values choose.
type SamplerOptions struct {
	Size  int           // keys looked at for one sample, over all keyspaces; 0: 20,000
	Rate  float64       // keys a second; 0: 1,000
	Every time.Duration // from the begin of one sample to that of the next; 0: a minute
	Top   int           // prefixes that are kept; 0: 10
	State string        // file that keeps the cursors over restarts; "": none
}

func (o SamplerOptions) withDefaults() SamplerOptions {
	if o.Size <= 0 {
		o.Size = 20_000
	}
	if o.Rate <= 0 {
		o.Rate = 1000
	}
	if o.Every <= 0 {
		o.Every = time.Minute
	}
	if o.Top <= 0 {
		o.Top = 10
	}
	return o
}

// A Sample is what keys without TTL look like.
type Sample struct {
	Started  time.Time // of the sampler
	At       time.Time // when it was complete; zero: there is none yet
	Keys     int64     // looked at
	Complete bool      // every key was looked at: the numbers are counts, and not estimates
	Prefixes []Prefix  // with the most keys without TTL, first
	Errors   uint64    // samples that failed, since the start
	Err      error     // of the last try
}

// Age is how old what is known is; before the first sample, how long the sampler has been at it.
func (s Sample) Age(now time.Time) time.Duration {
	if s.At.IsZero() {
		return now.Sub(s.Started)
	}
	return now.Sub(s.At)
}

// A Prefix is a pattern of keys, and how many of them have no TTL.
type Prefix struct {
	Pattern string  `json:"pattern"`
	NoTTL   float64 `json:"no_ttl"`
}

// A Sampler looks at keys of a target, steadily and slowly, through replicas where there are any, and tells after every so
// many keys what it saw.
//
// On a replica it walks, and goes on where the last sample ended: every key gets its turn. SCAN goes through the hash table
// and not through the names, so that a part of a walk is a fair sample of names. On a primary it does not walk, unless it
// is small: SCAN removes what is expired on its way, and Redis's expire cycle, which goes the same way more slowly, gets
// stuck in the clean wake while expired keys pile up elsewhere (redis/redis issue 15411). It draws keys at random instead,
// which leaves no wake.
type Sampler struct {
	options SamplerOptions
	cursors map[string]uint64 // by Keyspace.ID; of the goroutine in Run

	mu   sync.Mutex
	last Sample
}

// NewSampler makes a sampler, which goes on where its state file says.
func NewSampler(options SamplerOptions) (*Sampler, error) {
	s := &Sampler{options: options.withDefaults(), last: Sample{Started: time.Now()}}
	cursors, err := loadCursors(options.State)
	if err != nil {
		return nil, err
	}
	s.cursors = cursors
	return s, nil
}

// Sample is the newest sample.
func (s *Sampler) Sample() Sample {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.last
}

// Run samples until ctx ends.
func (s *Sampler) Run(ctx context.Context, source *Source) {
	for {
		wait := s.options.Every
		if target := source.Target(); target == nil {
			wait = min(wait, retryAfter)
		} else {
			begin := time.Now()
			sample, err := s.take(ctx, target)
			if ctx.Err() != nil {
				return
			}
			s.publish(sample, err)
			wait = max(0, wait-time.Since(begin))
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
	}
}

func (s *Sampler) publish(sample Sample, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sample.Started, sample.Errors, sample.Err = s.last.Started, s.last.Errors, err
	if err != nil {
		sample.Errors++
	}
	if sample.At.IsZero() { // the last good sample stays; its age tells
		sample.At, sample.Keys, sample.Complete, sample.Prefixes = s.last.At, s.last.Keys, s.last.Complete, s.last.Prefixes
	}
	s.last = sample
}

// take takes one sample of all keyspaces, of each as much as its share of keys. A sample that comes with an error is good: it
// is the cursors that could not be saved.
func (s *Sampler) take(ctx context.Context, target *connect.Target) (Sample, error) {
	spaces, err := target.Keyspaces(ctx, true)
	if err != nil {
		return Sample{}, fmt.Errorf("keyspaces: %w", err)
	}
	total := int64(0)
	for _, k := range spaces {
		total += max(0, k.Keys)
	}
	finder := prefix.NewFinder(prefix.Options{Rows: s.options.Top}, func(into, from *float64) { *into += *from })
	sample := Sample{Complete: true}
	cursors := map[string]uint64{}
	for _, k := range spaces {
		quota := s.options.Size / len(spaces) // where INFO and DBSIZE are refused
		if total > 0 && k.Keys >= 0 {
			quota = int(math.Ceil(float64(s.options.Size) * float64(k.Keys) / float64(total)))
		}
		p := portion{sampler: s, space: k, quota: quota, cursor: s.cursors[k.ID()], found: map[string]struct{}{}}
		if err := p.take(ctx); err != nil {
			return Sample{}, fmt.Errorf("%s: %w", k.Name(), err)
		}
		if p.cursor != 0 {
			cursors[k.ID()] = p.cursor
		}
		p.count(finder)
		sample.Keys += p.looked
		sample.Complete = sample.Complete && p.complete
	}
	s.cursors = cursors
	sample.Prefixes = ranked(finder.Rows())
	sample.At = time.Now()
	return sample, saveCursors(s.options.State, cursors)
}
