package leak

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/curfewkv/curfew/internal/toolkit/connect"
	"github.com/curfewkv/curfew/internal/toolkit/fix"
	"github.com/curfewkv/curfew/internal/toolkit/sweep"
	"github.com/curfewkv/curfew/lifetime"
)

// fallLimit bounds how long memory is waited for after the last session should have gone.
const fallLimit = 30 * time.Second

// errDone ends the service and the looks when the story is told.
var errDone = errors.New("done")

// A look is what a server shows at a moment, without what was there before.
type look struct {
	at    time.Duration // since the begin
	bytes int64
	keys  int64
	noTTL int64
}

// demo is the demonstration while it goes on.
type demo struct {
	options Options
	target  *connect.Target
	prefix  string
	service *service
	screen  *screen
	begin   time.Time
	before  look // what was there at the begin
	summary Summary
}

// Run tells the whole story. The summary is complete if there is no error.
func Run(ctx context.Context, o Options) (*Summary, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	d := &demo{options: o, target: o.Target, prefix: "curfew-demo:session:"}
	if o.Target == nil {
		s, err := startServer(ctx, o.Command)
		if err != nil {
			return nil, err
		}
		defer s.stop()
		d.target, d.prefix = s.target, "session:"
	}
	d.service = &service{
		client: d.target.Client, prefix: d.prefix, rate: o.Rate, value: strings.Repeat("x", o.Value),
		jitter: lifetime.Jitter{Percent: o.Jitter},
	}
	d.screen = newScreen(o)
	err := d.run(ctx)
	if err != nil && o.Target != nil {
		err = errors.Join(err, d.cleanUp(ctx))
	}
	d.screen.close()
	return &d.summary, err
}

func (d *demo) run(ctx context.Context) error {
	var err error
	if d.before, err = d.see(ctx); err != nil {
		return err
	}
	d.begin = time.Now()
	group, within := errgroup.WithContext(ctx)
	group.Go(func() error { return d.service.run(within) })
	group.Go(func() error { return d.tell(within) })
	if err := group.Wait(); !errors.Is(err, errDone) {
		return errors.Join(err, ctx.Err())
	}
	return nil
}

// tell goes from look to look through the story.
func (d *demo) tell(ctx context.Context) error {
	d.screen.event(0, "A service is deployed that writes %d sessions a second of %d bytes: SET %s<id> <data>. The TTL was forgotten.", d.options.Rate, d.options.Value, d.prefix)
	if err := d.leaking(ctx); err != nil {
		return err
	}
	d.service.ttl.Store(int64(d.options.TTL))
	d.screen.event(time.Since(d.begin), "Hotfix: new sessions are written with EX %v. That stops the growth; the %d that leaked stay.", d.options.TTL, d.summary.PeakNoTTL)
	if err := d.fixing(ctx); err != nil {
		return err
	}
	return d.falling(ctx)
}

// leaking ends when memory is short.
func (d *demo) leaking(ctx context.Context) error {
	limit := int64(float64(d.options.Budget) * memoryAlarm)
	return d.watch(ctx, func(l look) bool {
		if d.summary.NoTTLAlarm == 0 && l.noTTL > d.options.Alarm {
			d.summary.NoTTLAlarm = l.at.Seconds()
			d.screen.event(l.at, "ALARM: %d keys without a TTL, more than %d. It is ignored here, to see what comes of it.", l.noTTL, d.options.Alarm)
		}
		if l.bytes < limit {
			return false
		}
		d.summary.MemoryAlarm = l.at.Seconds()
		d.screen.event(l.at, "ALARM: memory is over %d%%. This is what most people alarm on, %.1fs after the cause could be seen.", int(memoryAlarm*100), d.summary.MemoryAlarm-d.summary.NoTTLAlarm)
		return true
	})
}

// fixing gives the leaked sessions their TTL, and looks on.
func (d *demo) fixing(ctx context.Context) error {
	type outcome struct {
		report *fix.Report
		err    error
	}
	done := make(chan outcome, 1)
	go func() {
		report, err := d.fix(ctx, d.options.TTL)
		done <- outcome{report, err}
	}()
	var got outcome
	err := d.watch(ctx, func(look) bool {
		select {
		case got = <-done:
			return true
		default:
			return false
		}
	})
	if err != nil {
		<-done // it ends with ctx
		return err
	}
	if got.err != nil {
		return got.err
	}
	d.summary.Fixed, d.summary.FixSeconds = got.report.Total.Fixed, got.report.Took
	d.screen.event(time.Since(d.begin), "curfew ttl fix --default %v --match '%s*' --jitter %v%%: %d keys got a TTL in %.2fs, %d had one.",
		d.options.TTL, d.prefix, d.options.Jitter, got.report.Total.Fixed, got.report.Took, got.report.Total.HadTTL)
	return nil
}

func (d *demo) fix(ctx context.Context, ttl time.Duration) (*fix.Report, error) {
	return fix.Run(ctx, d.target, fix.Options{
		Rules: []fix.Rule{{Pattern: d.prefix + "*", TTL: ttl}}, Jitter: d.options.Jitter, AllowRace: true, Sweep: sweep.Options{Quiet: true},
	})
}

// falling ends when what leaked is gone, and only living sessions are left.
func (d *demo) falling(ctx context.Context) error {
	longest := time.Duration(float64(d.options.TTL) * (1 + d.options.Jitter/100))
	due := time.Now().Add(longest)
	living := int64(longest.Seconds() * float64(d.options.Rate))
	err := d.watch(ctx, func(l look) bool {
		if time.Now().Before(due) || l.keys > living && time.Now().Before(due.Add(fallLimit)) {
			return false
		}
		d.summary.AfterBytes, d.summary.AfterKeys, d.summary.AfterNoTTL, d.summary.Seconds = l.bytes, l.keys, l.noTTL, l.at.Seconds()
		return true
	})
	if err != nil {
		return err
	}
	if d.summary.AfterNoTTL > 0 {
		return fmt.Errorf("%d keys still have no TTL", d.summary.AfterNoTTL)
	}
	d.screen.event(time.Since(d.begin), "What leaked is gone. The service goes on, with the memory that its living sessions need.")
	return errDone
}

// watch looks at every tick until seen says so.
func (d *demo) watch(ctx context.Context, seen func(look) bool) error {
	ticker := time.NewTicker(d.options.Tick)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
		l, err := d.see(ctx)
		if err != nil {
			return err
		}
		l.at = time.Since(d.begin)
		l.bytes, l.keys, l.noTTL = max(0, l.bytes-d.before.bytes), max(0, l.keys-d.before.keys), max(0, l.noTTL-d.before.noTTL)
		d.summary.PeakBytes, d.summary.PeakKeys = max(d.summary.PeakBytes, l.bytes), max(d.summary.PeakKeys, l.keys)
		d.summary.PeakNoTTL = max(d.summary.PeakNoTTL, l.noTTL)
		d.screen.look(l)
		if seen(l) {
			return nil
		}
	}
}

// see takes what INFO tells, which costs a server nothing whatever the number of keys.
func (d *demo) see(ctx context.Context) (look, error) {
	spaces, err := d.target.Keyspaces(ctx, false)
	if err != nil {
		return look{}, err
	}
	var l look
	for _, k := range spaces {
		if k.Keys < 0 || k.Expires < 0 {
			return look{}, fmt.Errorf("%s does not allow INFO, by which this demonstration sees", k.Node.Addr)
		}
		l.keys += k.Keys
		l.noTTL += k.Keys - k.Expires
		text, err := k.Client.Info(ctx, "memory").Result()
		if err != nil {
			return look{}, fmt.Errorf("INFO memory: %w", err)
		}
		var used int64
		if _, err := fmt.Sscan(connect.Fields(text)["used_memory"], &used); err != nil {
			return look{}, fmt.Errorf("used_memory: %w", err)
		}
		l.bytes += used
	}
	return l, nil
}

// cleanUp lets what was written to somebody's server go soon, after the story broke off.
func (d *demo) cleanUp(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	if _, err := d.fix(ctx, time.Second); err != nil {
		return fmt.Errorf("keys %s* are left without a TTL: %w", d.prefix, err)
	}
	return nil
}
