package replay

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"time"

	"github.com/cespare/xxhash/v2"
	"github.com/redis/go-redis/v9"
	"golang.org/x/sync/errgroup"

	"github.com/curfewkv/curfew/internal/trace"
)

// batchesPerWorker lets the reader prepare a batch while the worker waits for replies to another.
const batchesPerWorker = 4

// Run replays src. progress is told now and then how many requests have been read; it may be nil.
func Run(ctx context.Context, client *redis.Client, src Source, opt Options, progress func(int64)) (Result, error) {
	if err := opt.check(); err != nil {
		return Result{}, err
	}
	before, err := readInfo(ctx, client)
	if err != nil {
		return Result{}, err
	}
	watch := startSampler(ctx, client, opt.Sample)
	started := time.Now()
	result, err := drive(ctx, client, src, opt, progress)
	result.Elapsed = time.Since(started)
	result.PeakMemory = watch.stop()
	if err != nil {
		return result, err
	}
	after, err := readInfo(ctx, client)
	if err != nil {
		return result, err
	}
	result.fromInfo(before, after)
	result.Keys, err = client.DBSize(ctx).Result()
	return result, err
}

// drive reads src, deals its requests to workers and waits for them.
func drive(ctx context.Context, client *redis.Client, src Source, opt Options, progress func(int64)) (Result, error) {
	group, ctx := errgroup.WithContext(ctx)
	values := newValues(opt)
	workers := make([]*worker, opt.Concurrency)
	for i := range workers {
		workers[i] = newWorker(client, values, opt.Pipeline)
		group.Go(func() error { return workers[i].run(ctx) })
	}
	d := &dealer{ctx: ctx, opt: opt, workers: workers, progress: progress, pace: newPacer(opt.Speed)}
	if opt.Rate > 0 {
		d.pace = newPacer(1)
	}
	group.Go(func() error {
		defer func() {
			for _, w := range workers {
				close(w.full)
			}
		}()
		return d.deal(src)
	})
	err := group.Wait()
	result := Result{Requests: d.read, CutValues: d.cut}
	for _, w := range workers {
		result.add(&w.count)
	}
	return result, err
}

// dealer reads requests and hands them to the workers. It runs in one goroutine.
type dealer struct {
	ctx      context.Context
	opt      Options
	workers  []*worker
	progress func(int64)
	pace     *pacer
	read     int64
	cut      int64
}

func (d *dealer) deal(src Source) error {
	var r trace.Request
	for d.opt.Requests == 0 || d.read < d.opt.Requests {
		err := src.Next(&r)
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		if err := d.keepPace(&r); err != nil {
			return err
		}
		d.read++
		size, cut := d.opt.size(&r)
		if cut {
			d.cut++
		}
		w := d.workers[xxhash.Sum64(r.Key)%uint64(len(d.workers))]
		if err := w.add(d.ctx, &r, size, d.opt.lifetime(&r)); err != nil {
			return err
		}
		if d.progress != nil && d.read%4096 == 0 {
			d.progress(d.read)
		}
	}
	return d.flush()
}

// keepPace waits until the request is due. What was dealt before must not wait with it for a full batch.
func (d *dealer) keepPace(r *trace.Request) error {
	at := r.At
	switch {
	case d.opt.Rate > 0:
		at = time.Duration(float64(d.read) / d.opt.Rate * float64(time.Second))
	case d.opt.Speed == 0:
		return nil
	case at == trace.NoTime:
		return errNoTimes
	}
	if d.pace.due(at) {
		return nil
	}
	if err := d.flush(); err != nil {
		return err
	}
	return d.pace.wait(d.ctx, at)
}

func (d *dealer) flush() error {
	for _, w := range d.workers {
		if err := w.flush(d.ctx); err != nil {
			return err
		}
	}
	return nil
}

// values holds the bytes that all values are prefixes of. They are random: a server that compresses gains nothing.
type values []byte

func newValues(opt Options) values {
	v := make(values, opt.MaxValueSize)
	if opt.ValueSize != trace.NoSize {
		v = v[:min(opt.ValueSize, opt.MaxValueSize)]
	}
	var seed [32]byte
	copy(seed[:], "curfew replay")
	if _, err := rand.NewChaCha8(seed).Read(v); err != nil {
		panic(fmt.Sprintf("ChaCha8 never fails: %v", err))
	}
	return v
}

// pacer maps trace time to real time.
type pacer struct {
	speed   float64
	now     func() time.Time
	start   time.Time // valid once started
	started bool
}

func newPacer(speed float64) *pacer { return &pacer{speed: speed, now: time.Now} }

// until returns how long it is until the trace's instant at. The first call is the trace's beginning.
func (p *pacer) until(at time.Duration) time.Duration {
	now := p.now()
	if !p.started {
		p.start, p.started = now, true
	}
	return p.start.Add(time.Duration(float64(at) / p.speed)).Sub(now)
}

// due says that at has come, but for less than a timer could wait.
func (p *pacer) due(at time.Duration) bool { return p.until(at) < time.Millisecond }

func (p *pacer) wait(ctx context.Context, at time.Duration) error {
	timer := time.NewTimer(p.until(at))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
