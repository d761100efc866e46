package sweep

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/curfewkv/curfew/internal/toolkit/connect"
	"github.com/curfewkv/curfew/internal/toolkit/walk"
	"github.com/curfewkv/curfew/lifetime"
)

const (
	// grace is how long a page at hand may take after the user wants to stop.
	grace = 3 * time.Second
	// identifyEvery is how often a server is asked whether it is still the same: a client reconnects to a restarted one
	// without a word, and an old cursor would skip keys there.
	identifyEvery = time.Second
)

// walk goes on in one keyspace until it is done.
func (s *Sweep) walk(ctx context.Context, k connect.Keyspace, p *progress) error {
	work, cancel := withGrace(ctx)
	defer cancel()
	k.Client = once(k.Client)
	defer k.Client.Close()
	scanner := walk.NewScanner(k, walk.Options{
		Match: s.options.Match, Type: s.options.Type, Count: s.options.Page, Cursor: uint64(p.Cursor),
	})
	pace, breath := s.pace(k.Node.Addr), &breather{}
	defer s.slowed(breath)
	place := &Place{Keyspace: k, Uncounted: p.uncounted, sweep: s}
	if p.again != nil {
		place.Pass = s.passes
	}
	identified := time.Now()
	for {
		if err := pace.Wait(ctx, int(s.options.Page)); err != nil {
			return err
		}
		sent := time.Now()
		keys, err := scanner.Next(ctx)
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if err := rest(ctx, breath.after(time.Since(sent))); err != nil {
			return err
		}
		keys = ofSlots(keys, p.again)
		begin := time.Now()
		place.Counted = Window{s.state.Began.Add(-time.Second), begin}
		var tally Tally
		if len(keys) > 0 {
			if tally, err = s.worker.Page(work, place, keys); err != nil {
				s.uncommitted(p, tally, begin)
				return err
			}
		}
		cursor, done := scanner.Cursor()
		if done || time.Since(identified) > identifyEvery {
			if !k.Node.Same(work) {
				s.uncommitted(p, tally, begin)
				return errReplaced
			}
			identified = time.Now()
		}
		s.commit(p, cursor, done, tally)
		s.shown(len(keys))
		if done {
			return nil
		}
	}
}

// once returns a client that sends every command once. One that sends it again by itself, after a reply was lost, hides that
// the server may have done it already, and what was done would be counted as found.
func once(c *redis.Client) *redis.Client {
	options := *c.Options()
	options.MaxRetries = -1
	return redis.NewClient(&options)
}

// commit counts a page.
func (s *Sweep) commit(p *progress, at uint64, done bool, tally Tally) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last = time.Now()
	p.Cursor, p.Done, p.At = cursor(at), done, s.last
	p.Counts.Add(tally)
}

// uncommitted notes a page that ended in the middle, and comes again.
func (s *Sweep) uncommitted(p *progress, tally Tally, begin time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p.Counts.Add(tally)
	from := begin.Add(-time.Second)
	if !p.uncounted.To.IsZero() && p.uncounted.From.Before(from) {
		from = p.uncounted.From
	}
	p.uncounted = Window{from, time.Now()}
}

// shown moves the bar. Where SCAN filters, a page is about its size in keys looked at.
func (s *Sweep) shown(keys int) {
	if s.options.Match != "" || s.options.Type != "" {
		keys = int(s.options.Page)
	}
	s.progress.Add(keys)
}

func (s *Sweep) slowed(b *breather) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.slow += b.slow
}

// pace is shared by the databases of a server.
func (s *Sweep) pace(addr string) *walk.Pace {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.paces[addr] == nil {
		s.paces[addr] = walk.NewPace(s.options.Rate)
	}
	return s.paces[addr]
}

// ofSlots keeps the keys of these slots; nil: all.
func ofSlots(keys []string, slots map[int]bool) []string {
	if slots == nil {
		return keys
	}
	kept := keys[:0]
	for _, key := range keys {
		if slots[lifetime.Slot(key)] {
			kept = append(kept, key)
		}
	}
	return kept
}

// withGrace returns a context that ends a while after ctx, so that a page in work is not torn.
func withGrace(ctx context.Context) (context.Context, context.CancelFunc) {
	work, cancel := context.WithCancel(context.WithoutCancel(ctx))
	late := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(late)
		timer := time.NewTimer(grace)
		defer timer.Stop()
		select {
		case <-timer.C:
			cancel()
		case <-work.Done():
		}
	})
	return work, func() {
		cancel()
		if !stop() {
			<-late
		}
	}
}
