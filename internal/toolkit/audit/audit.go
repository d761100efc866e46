package audit

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/curfewkv/curfew/internal/toolkit/connect"
	"github.com/curfewkv/curfew/internal/toolkit/walk"
)

// Methods of looking at keys.
const (
	methodSample = "sample"
	methodScan   = "scan"
)

const (
	// nodesAtOnce bounds the nodes of a Cluster that are looked at together.
	nodesAtOnce = 16
	// minDrawn is what a keyspace is looked at with however small a part of all it is.
	minDrawn = 200
)

// auditor is one run.
type auditor struct {
	options Options
	target  *connect.Target
	spaces  []connect.Keyspace
	columns *columns
	report  *Report
	unsaved error // why the state of an interrupted audit is lost
}

// Run audits. When ctx ends, it returns what it has found until then, with the error; such a report says that it is not
// complete.
func Run(ctx context.Context, target *connect.Target, options Options) (*Report, error) {
	options, err := options.check()
	if err != nil {
		return nil, err
	}
	a := &auditor{options: options, target: target, columns: &columns{}}
	a.report = &Report{At: time.Now().UTC().Truncate(time.Second), Mode: string(target.Mode), Method: methodSample, Level: confidence}
	if options.Exact {
		a.report.Method = methodScan
	}
	begin := time.Now()
	if a.spaces, err = target.Keyspaces(ctx, !options.NoReplicas); err != nil {
		return nil, err
	}
	if err := a.describe(ctx); err != nil {
		return nil, err
	}
	if options.Counted != nil {
		options.Counted(a.report)
	}
	if options.Exact {
		err = a.exact(ctx)
	} else {
		err = a.sample(ctx)
	}
	switch {
	case isInterruption(ctx, err):
		err = &interruption{cause: cmp.Or(ctx.Err(), err), state: options.Resume, unsaved: a.unsaved}
	case err != nil:
		return nil, err
	}
	if err != nil && a.report.Looked == 0 {
		return nil, err
	}
	a.finish(time.Since(begin))
	return a.report, err
}

// isInterruption tells an audit that was told to end from one that failed.
func isInterruption(ctx context.Context, err error) bool {
	return err != nil && (ctx.Err() != nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded))
}

// interruption is the error of an audit that was told to end.
type interruption struct {
	cause   error
	state   string // file
	unsaved error
}

func (i *interruption) Error() string {
	switch {
	case i.unsaved != nil:
		return "interrupted, and its state is lost: " + i.unsaved.Error()
	case i.state != "":
		return "interrupted; the same command goes on where it was, by " + i.state
	}
	return "interrupted"
}

func (i *interruption) Unwrap() error { return i.cause }

// describe writes down what INFO tells.
func (a *auditor) describe(ctx context.Context) error {
	for _, k := range a.spaces {
		info := Keyspace{
			Node: k.Node.Addr, Replica: k.Node.Replica, DB: k.DB, Keys: k.Keys, Expires: k.Expires, NoTTL: unknown,
			AvgTTL: k.AvgTTL.Milliseconds(), Method: a.report.Method,
		}
		if k.Expires >= 0 {
			info.NoTTL = k.Keys - k.Expires
		}
		if k.Keys < 0 && !a.options.Exact {
			return fmt.Errorf("%s: neither INFO nor DBSIZE tells how many keys there are, so that a sample stands for an unknown number: use --exact", k.Name())
		}
		a.report.Keyspaces = append(a.report.Keyspaces, info)
	}
	primaries, err := a.target.Primaries(ctx)
	if err != nil {
		return err
	}
	for _, n := range primaries {
		a.report.Servers = append(a.report.Servers, describeServer(ctx, n))
	}
	return nil
}

// details is what looks at the keys of a keyspace.
func (a *auditor) details(k connect.Keyspace) *details {
	d := &details{client: k.Client, columns: a.columns, pace: walk.NewPace(0), elements: a.options.MemorySamples}
	if a.target.Mode == connect.Cluster {
		d.routed = a.target.Client
	}
	return d
}

// eachNode runs f for the keyspaces of each node, one after the other, and nodes beside each other.
func (a *auditor) eachNode(ctx context.Context, f func(ctx context.Context, i int, pace *walk.Pace) error) error {
	byNode := map[string][]int{}
	for i, k := range a.spaces {
		byNode[k.Node.Addr] = append(byNode[k.Node.Addr], i)
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(nodesAtOnce)
	for addr, list := range byNode {
		pace := walk.NewPace(a.options.Rate)
		group.Go(func() error {
			for _, i := range list {
				if err := f(ctx, i, pace); err != nil {
					return fmt.Errorf("%s, database %d: %w", addr, a.spaces[i].DB, err)
				}
			}
			return nil
		})
	}
	return group.Wait()
}

func (a *auditor) exact(ctx context.Context) error {
	e, err := newExact(a.options, a.spaces)
	if err != nil {
		return err
	}
	total := int64(0)
	for _, k := range a.spaces {
		total += max(0, k.Keys)
	}
	e.progress = a.options.begin("scanning", total)
	failed := a.eachNode(ctx, func(ctx context.Context, i int, pace *walk.Pace) error {
		return e.walk(ctx, a.spaces[i], a.details(a.spaces[i]), pace)
	})
	e.progress.Done()
	if failed != nil {
		a.unsaved = e.save()
		if a.options.Resume != "" && a.unsaved == nil && !isInterruption(ctx, failed) {
			failed = fmt.Errorf("%w (the same command goes on from there, by %s)", failed, a.options.Resume)
		}
	} else if err := e.forget(); err != nil {
		return err
	}
	for i, k := range a.spaces {
		a.report.Keyspaces[i].Looked = e.state.Cursors[k.ID()].Looked
	}
	a.report.Complete, a.report.Vanished = failed == nil, e.state.Vanished
	e.tree.report(a.report)
	return failed
}

// quotas shares the sample out in proportion to the keyspaces. One that is small beside its quota is read whole, by a
// short SCAN, which is as quick and leaves nothing to chance.
func (a *auditor) quotas() []int {
	total := int64(0)
	for _, k := range a.spaces {
		total += k.Keys
	}
	quotas := make([]int, len(a.spaces))
	for i, k := range a.spaces {
		if k.Keys == 0 {
			continue
		}
		quotas[i] = max(minDrawn, int(float64(a.options.Samples)*(float64(k.Keys)/float64(total))))
		if int64(quotas[i]) >= k.Keys/2 {
			quotas[i] = int(k.Keys)
			a.report.Keyspaces[i].Method = methodScan
		}
	}
	return quotas
}

func (a *auditor) sample(ctx context.Context) error {
	quotas := a.quotas()
	total := 0
	for _, n := range quotas {
		total += n
	}
	progress := a.options.begin("sampling", int64(total))
	records := make([][]Record, len(a.spaces))
	var mu sync.Mutex
	failed := a.eachNode(ctx, func(ctx context.Context, i int, pace *walk.Pace) error {
		s := &sampler{space: &a.spaces[i], details: a.details(a.spaces[i]), pace: pace, progress: progress}
		var err error
		if a.report.Keyspaces[i].Method == methodScan {
			records[i], err = s.all(ctx)
		} else {
			records[i], err = s.draw(ctx, quotas[i])
		}
		mu.Lock()
		defer mu.Unlock()
		a.report.Vanished += s.vanished
		return err
	})
	progress.Done()
	set := newSample(len(a.spaces))
	for i, list := range records {
		info := &a.report.Keyspaces[i]
		info.Looked = int64(len(list))
		if failed != nil {
			info.Method = methodSample // what is there of it is the beginning of the whole
		}
		set.add(i, list, info)
	}
	a.report.Complete = failed == nil
	if failed != nil && !isInterruption(ctx, failed) {
		return failed
	}
	return errors.Join(failed, set.report(a.options, a.report))
}

// finish adds what is said about the figures.
func (a *auditor) finish(took time.Duration) {
	r := a.report
	r.Took = took.Round(time.Millisecond).Seconds()
	r.HasBytes, r.HasIdle, r.HasFreq = a.columns.memory, a.columns.idle, a.columns.freq
	for i := range r.Prefixes {
		r.Prefixes[i].Share = ratio(r.Prefixes[i].Keys.Value, r.Total.Keys.Value)
	}
	_ = r.Sort("keys")
	for i := range r.Asked {
		r.Asked[i].Share = ratio(r.Asked[i].Keys.Value, r.Total.Keys.Value)
	}
	r.Total.Share = 1
	r.Notes = append(r.Notes, a.columns.notes...)
	replicas := slices.ContainsFunc(r.Keyspaces, func(k Keyspace) bool { return k.Replica })
	if replicas && (r.HasIdle || r.HasFreq) {
		r.Notes = append(r.Notes, "idle times are those of the replicas that were looked at: reads of the primary do not count there (--no-replicas)")
	}
	if !r.Complete {
		r.Notes = append(r.Notes, fmt.Sprintf("interrupted after %d keys", r.Looked))
	}
	r.Warnings = append(warnings(r), r.Warnings...)
	for _, list := range []*[]string{&r.Warnings, &r.Notes} {
		if *list == nil {
			*list = []string{}
		}
	}
	if r.Biggest == nil {
		r.Biggest = []BigKey{}
	}
	if r.Prefixes == nil {
		r.Prefixes = []Row{}
	}
}
