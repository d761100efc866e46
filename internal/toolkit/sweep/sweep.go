package sweep

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/curfewkv/curfew/internal/toolkit/connect"
	"github.com/curfewkv/curfew/internal/toolkit/output"
	"github.com/curfewkv/curfew/internal/toolkit/walk"
)

// maxFailures bounds how many failed keys are told one by one.
const maxFailures = 10

// errReplaced: a server is not the one whose cursor is held.
var errReplaced = errors.New("the server was restarted or replaced")

// A Sweep is one that is going on. The goroutine of Run owns what no mutex guards.
type Sweep struct {
	target   *connect.Target
	options  Options
	worker   Worker
	resumed  bool
	began    time.Time
	before   *owners // of a Cluster
	moving   map[int]bool
	passes   int // over slots that moved
	progress *output.Progress
	place    map[string]connect.Keyspace // by ID: what is swept, from the last listing; owned by run

	mu sync.Mutex
	// guarded by mu
	state    *state
	paces    map[string]*walk.Pace // by server
	failures []Failure
	notes    []string
	slow     int
	last     time.Time // when a page was done last
}

// Run sweeps. When ctx ends it finishes the pages at hand, saves its state and returns what was done with ctx's error.
func Run(ctx context.Context, target *connect.Target, worker Worker, options Options) (*Result, error) {
	if err := options.check(); err != nil {
		return nil, err
	}
	s := &Sweep{target: target, options: options, worker: worker, began: time.Now(), last: time.Now(), paces: map[string]*walk.Pace{}}
	if err := s.begin(ctx); err != nil {
		return nil, err
	}
	saved := make(chan error, 1)
	saver, stop := context.WithCancel(context.WithoutCancel(ctx))
	go func() { saved <- s.keepSaving(saver) }()
	err := s.rounds(ctx)
	stop()
	s.progress.Done()
	err = errors.Join(err, <-saved, s.end(err == nil))
	return s.result(err == nil), err
}

// begin reads the state of an earlier run and finds the keyspaces.
func (s *Sweep) begin(ctx context.Context) error {
	s.state = &state{Version: stateVersion, Tool: s.options.Tool, Rules: s.options.fingerprint(), Began: s.began, Keyspaces: map[string]*progress{}}
	if s.options.Resume != "" {
		old, err := readState(s.options.Resume, s.state.Tool, s.state.Rules)
		if err != nil {
			return err
		}
		if old != nil {
			s.resume(old)
		}
	}
	spaces, err := s.target.Keyspaces(ctx, false)
	if err != nil {
		return err
	}
	for _, k := range spaces {
		if k.Node.Replica {
			return fmt.Errorf("%s is a replica: what is written there is lost; give its primary", k.Node.Addr)
		}
	}
	if s.target.Mode == connect.Cluster {
		now, moving, err := slotOwners(ctx, s.target)
		if err != nil {
			return err
		}
		s.moving = moving
		if s.before, err = parseOwners(s.state.Slots); err != nil {
			return fmt.Errorf("--resume %s: %w", s.options.Resume, err)
		}
		if s.state.Slots == nil {
			s.before, s.state.Slots = now, now.ranges()
		}
	}
	s.adopt(spaces)
	total := int64(0)
	for _, k := range spaces {
		total += max(0, k.Keys)
	}
	s.progress = output.NewProgress(s.options.Screen, s.options.Tool, total, s.options.Quiet)
	s.progress.Add(int(s.result(false).Counts.Keys()))
	// The first state is written before anything is changed: a file that cannot be written is no surprise later.
	return s.save(false)
}

// resume takes over what an earlier run did.
func (s *Sweep) resume(old *state) {
	s.resumed = true
	s.state.Began, s.state.Slots, s.state.Keyspaces, s.state.Replaced = old.Began, old.Slots, old.Keyspaces, old.Replaced
	if old.Clean {
		return
	}
	if s.options.Removes {
		s.note("the run before was killed: the keys that it removed after its last save, of %s, are not counted", old.Saved.Format(time.TimeOnly))
		return
	}
	s.note("the run before was killed: what it did in its last moments is told from the rest by when it was done")
	for _, p := range s.state.Keyspaces {
		p.uncounted = Window{p.At.Add(-time.Second), old.Saved.Add(uncountedAfter)}
	}
}

// adopt compares what is there with what was seen before: a keyspace with a new ID begins at its beginning, and one that is
// not there any more is dropped, because its keys are counted where they are now.
func (s *Sweep) adopt(spaces []connect.Keyspace) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.place = map[string]connect.Keyspace{}
	for _, k := range spaces {
		s.place[k.ID()] = k
	}
	replaced := false
	for id, p := range s.state.Keyspaces {
		if _, there := s.place[id]; !there {
			replaced = true
			s.keepRemovals(p)
			delete(s.state.Keyspaces, id)
			s.noteLocked("%s was restarted or replaced: its keys are looked at again from the beginning", p.Name)
		}
	}
	for id, k := range s.place {
		if s.state.Keyspaces[id] != nil {
			continue
		}
		p := &progress{Name: k.Name(), At: time.Now(), Counts: Tally{}}
		if replaced {
			p.uncounted = Window{s.state.Began.Add(-time.Second), time.Now()}
		}
		s.state.Keyspaces[id] = p
		if k.Node.RunID == "" {
			s.noteLocked("%s does not tell its run_id: a restart of it during a sweep would go unseen", k.Node.Addr)
		}
	}
}

// keepRemovals keeps what was removed on a server that is replaced.
func (s *Sweep) keepRemovals(p *progress) {
	if !s.options.Removes {
		return
	}
	if s.state.Replaced == nil {
		s.state.Replaced = Tally{}
	}
	for rule, c := range p.Counts {
		s.state.Replaced.Count(rule, Counts{Changed: c.Changed})
	}
}

// rounds walks what is not done until all is, and finds the servers again after each failure.
func (s *Sweep) rounds(ctx context.Context) error {
	var failing time.Time // since when nothing worked
	for failed := 0; ; {
		err := s.round(ctx)
		more := false
		if err == nil {
			more, err = s.lookAgain(ctx)
		}
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err == nil && !more:
			return nil
		case err == nil:
			continue
		case !Transient(err):
			return err
		}
		if s.workedAfter(failing) {
			failing, failed = time.Now(), 0
		}
		if time.Since(failing) > s.options.RetryFor {
			return fmt.Errorf("nothing worked for %v: %w", s.options.RetryFor, err)
		}
		if !wait(ctx, failed) {
			return ctx.Err()
		}
		failed++
		if spaces, err := s.target.Keyspaces(ctx, false); err == nil {
			s.adopt(spaces)
		}
	}
}

// round walks every keyspace that is not done, several at once.
func (s *Sweep) round(ctx context.Context) error {
	group, within := errgroup.WithContext(ctx)
	group.SetLimit(s.options.Concurrency)
	var mu sync.Mutex
	var transient error
	for id, k := range s.place {
		p := s.state.Keyspaces[id]
		if p.Done {
			continue
		}
		group.Go(func() error {
			err := s.walk(within, k, p)
			if Transient(err) {
				mu.Lock()
				defer mu.Unlock()
				transient = fmt.Errorf("%s: %w", k.Name(), err)
				return nil // the others go on
			}
			if err != nil {
				return fmt.Errorf("%s: %w", k.Name(), err)
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	return transient
}

// workedAfter reports whether a page was done after an instant.
func (s *Sweep) workedAfter(at time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.last.After(at)
}

func (s *Sweep) note(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.noteLocked(format, args...)
}

func (s *Sweep) noteLocked(format string, args ...any) {
	if text := fmt.Sprintf(format, args...); !slices.Contains(s.notes, text) {
		s.notes = append(s.notes, text)
	}
}
