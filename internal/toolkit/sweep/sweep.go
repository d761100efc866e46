package sweep

import (
	"context"
	"errors"
	"fmt"
	"os"
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

// MaxAgain bounds how often moved slots are looked at again: a resharding of days is not waited for.
const MaxAgain = 5

// errReplaced: a server is not the one whose cursor is held.
var errReplaced = errors.New("the server was restarted or replaced")

// A Failure is a key that could not be changed, and why.
type Failure struct {
	Node  string `json:"node"`
	DB    int    `json:"db"`
	Key   string `json:"key"` // quoted as in Go
	Error string `json:"error"`
}

// A Part is what was done in one keyspace.
type Part struct {
	Node   string `json:"node"`
	DB     int    `json:"db"`
	Done   bool   `json:"done"`
	Counts Counts `json:"counts"`
	Rules  Tally  `json:"rules"`
}

// A Result is what a sweep did, the parts that an earlier run did included.
type Result struct {
	Complete bool          `json:"complete"`
	Resumed  bool          `json:"resumed"`
	Took     time.Duration `json:"took_ns"` // of this run
	Counts   Counts        `json:"counts"`
	Rules    Tally         `json:"rules"`
	Parts    []Part        `json:"parts"`
	Failures []Failure     `json:"failures,omitempty"` // some of them
	Notes    []string      `json:"notes,omitempty"`
	Slow     int           `json:"slow_answers"` // that made it slow down
}

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
	s.state = &state{Tool: s.options.Tool, Rules: s.options.fingerprint(), Began: s.began, Keyspaces: map[string]*progress{}}
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
			failed = 0
			continue
		case !Transient(err):
			return err
		case s.idle() > s.options.RetryFor:
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

// lookAgain finds the slots that moved since the last look, and sets their new owners to be walked once more for them.
func (s *Sweep) lookAgain(ctx context.Context) (bool, error) {
	if s.before == nil {
		return false, nil
	}
	now, moving, err := slotOwners(ctx, s.target)
	if err != nil {
		return false, err
	}
	slots := map[int]bool{}
	changed(slots, s.before, now)
	for slot := range s.moving {
		slots[slot] = true
	}
	for slot := range moving {
		slots[slot] = true
	}
	if len(slots) == 0 {
		return false, nil
	}
	if s.passes++; s.passes > MaxAgain {
		s.note("slots of the Cluster keep moving: keys in them may have been missed; run this again when the resharding is over")
		return false, nil
	}
	spaces, err := s.target.Keyspaces(ctx, false)
	if err != nil {
		return false, err
	}
	s.before, s.moving = now, moving
	s.adopt(spaces)
	s.note("slots of the Cluster moved meanwhile, and their keys were looked for again")
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last = time.Now()
	for _, p := range s.state.Keyspaces {
		if p.Done { // one that begins anyway looks at all its keys
			p.Done, p.Cursor, p.again, p.uncounted = false, 0, slots, Window{}
		}
	}
	return true, nil
}

func (s *Sweep) idle() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return time.Since(s.last)
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

// keepSaving saves the state until ctx ends. An error ends nothing but itself: the work goes on, and the run reports it.
func (s *Sweep) keepSaving(ctx context.Context) error {
	ticker := time.NewTicker(saveEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
			if err := s.save(false); err != nil {
				return err
			}
		}
	}
}

func (s *Sweep) save(clean bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	// What is counted as done must have been noted by the worker as well, and pages are counted under this mutex.
	if s.options.Flush != nil {
		if err := s.options.Flush(); err != nil {
			return err
		}
	}
	if s.options.Resume == "" {
		return nil
	}
	s.state.Saved, s.state.Clean = time.Now(), clean
	if err := s.state.write(s.options.Resume); err != nil {
		return fmt.Errorf("--resume: %w", err)
	}
	return nil
}

// end leaves a state only if something is left to do.
func (s *Sweep) end(complete bool) error {
	if err := s.save(true); err != nil || !complete || s.options.Resume == "" {
		return err
	}
	return os.Remove(s.options.Resume)
}

func (s *Sweep) result(complete bool) *Result {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := &Result{Complete: complete, Resumed: s.resumed, Took: time.Since(s.began), Rules: Tally{}, Failures: s.failures, Notes: s.notes, Slow: s.slow}
	for id, p := range s.state.Keyspaces {
		k := s.place[id]
		r.Parts = append(r.Parts, Part{Node: k.Node.Addr, DB: k.DB, Done: p.Done, Counts: p.Counts.Sum(), Rules: p.Counts})
		r.Rules.Add(p.Counts)
	}
	slices.SortFunc(r.Parts, func(a, b Part) int {
		if a.Node != b.Node {
			if a.Node < b.Node {
				return -1
			}
			return 1
		}
		return a.DB - b.DB
	})
	r.Rules.Add(s.state.Replaced)
	r.Counts = r.Rules.Sum()
	return r
}
