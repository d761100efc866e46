package watch

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/curfewkv/curfew/internal/toolkit/connect"
	"github.com/curfewkv/curfew/internal/toolkit/reading"
	"github.com/curfewkv/curfew/internal/toolkit/skew"
)

// Options say what a Watcher watches, how often, and whom it tells.
type Options struct {
	Connect      connect.Options
	Rules        []Rule
	Interval     time.Duration // between readings
	ResolveAfter time.Duration // that it must be well before an alarm ends
	ClockEvery   time.Duration // between comparisons of the clocks; 0: none
	Sampler      *reading.Sampler
	Webhooks     []*Webhook
	Log          *slog.Logger
	OnEvent      func(Event) // called from Run, for those who end at the first alarm; nil: nobody
}

// A Watcher reads, judges and tells.
type Watcher struct {
	options Options
	source  *reading.Source
	engine  *Engine // of Run's goroutine

	mu struct {
		sync.Mutex
		clocks *skew.Verdict
		shown  figures
	}
}

// New makes a watcher, which works once it runs.
func New(options Options) *Watcher {
	return &Watcher{
		options: options,
		source:  reading.NewSource(reading.SourceOptions{Connect: options.Connect}),
		engine:  NewEngine(options.Rules, options.ResolveAfter),
	}
}

// Run watches until ctx ends. What webhooks have not been told then, they are told for a few seconds more.
func (w *Watcher) Run(ctx context.Context) {
	var wg sync.WaitGroup
	defer wg.Wait()
	wg.Go(func() { w.source.Run(ctx) })
	for _, hook := range w.options.Webhooks {
		wg.Go(func() { hook.run(ctx, w.options.Log) })
	}
	if w.options.Sampler != nil {
		wg.Go(func() { w.options.Sampler.Run(ctx, w.source) })
	}
	if w.options.ClockEvery > 0 {
		wg.Go(func() { w.compareClocks(ctx) })
	}
	if !w.found(ctx) {
		return
	}
	ticker := time.NewTicker(w.options.Interval)
	defer ticker.Stop()
	for {
		for _, event := range w.observe(ctx) {
			w.tell(event)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// found waits until the nodes are found, or for an interval: that they are not is then worth an alarm.
func (w *Watcher) found(ctx context.Context) bool {
	end := time.Now().Add(w.options.Interval)
	for w.source.Target() == nil && time.Now().Before(end) {
		select {
		case <-ctx.Done():
			return false
		case <-time.After(20 * time.Millisecond):
		}
	}
	return true
}

func (w *Watcher) observe(ctx context.Context) []Event {
	within, cancel := context.WithTimeout(ctx, min(w.options.Interval, 5*time.Second))
	defer cancel()
	readings := w.source.Read(within)
	if ctx.Err() != nil {
		return nil // what was not answered now says nothing
	}
	o := Observation{At: time.Now(), Readings: readings}
	w.mu.Lock()
	o.Clocks = w.mu.clocks
	w.mu.Unlock()
	if w.options.Sampler != nil {
		sample := w.options.Sampler.Sample()
		o.Sample = &sample
	}
	events := w.engine.Observe(o)
	w.show(o, events)
	return events
}

func (w *Watcher) tell(event Event) {
	level := slog.LevelInfo
	if event.State == Firing {
		level = slog.LevelWarn
		if event.Severity == Critical {
			level = slog.LevelError
		}
	}
	w.options.Log.Log(context.Background(), level, event.Text, "state", event.State, "rule", event.Rule, "subject", event.Subject,
		"severity", event.Severity, "value", event.Value, "limit", event.Limit, "since", event.Since)
	for _, hook := range w.options.Webhooks {
		if !hook.send(event) {
			w.options.Log.Error("a webhook is too slow: the event is not sent", "webhook", hook.Name(), "rule", event.Rule)
		}
	}
	if w.options.OnEvent != nil {
		w.options.OnEvent(event)
	}
}

func (w *Watcher) compareClocks(ctx context.Context) {
	wait := time.Second // until the nodes are found
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
		if w.measureClocks(ctx) {
			wait = w.options.ClockEvery
		}
	}
}

// measureClocks compares the clocks once; false: no node is known yet.
func (w *Watcher) measureClocks(ctx context.Context) bool {
	nodes := w.source.Clocks()
	if len(nodes) == 0 {
		return false
	}
	limit := 5 * time.Second
	for _, r := range w.options.Rules {
		if r.Name == "clock-skew" {
			limit = time.Duration(r.Max * float64(time.Second))
		}
	}
	within, cancel := context.WithTimeout(ctx, w.options.ClockEvery)
	defer cancel()
	verdict := skew.Judge(skew.Measure(within, nodes, 8), limit, true)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.mu.clocks = &verdict
	return true
}

// Once reads twice, a second apart so that there are rates, and returns the alarms, as if no rule asked for time. An error
// says that nothing answered.
func Once(ctx context.Context, options Options) ([]Event, error) {
	rules := make([]Rule, len(options.Rules))
	copy(rules, options.Rules)
	for i := range rules {
		rules[i].For = 0
	}
	options.Rules = rules
	target, err := connect.Open(ctx, options.Connect)
	if err != nil {
		return nil, err
	}
	target.Close()
	w := New(options)
	background, stop := context.WithCancel(ctx)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer stop()
	wg.Go(func() { w.source.Run(background) })
	if !w.found(ctx) {
		return nil, ctx.Err()
	}
	if options.ClockEvery > 0 {
		w.measureClocks(ctx)
	}
	w.observe(ctx)
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-time.After(time.Second):
	}
	w.observe(ctx)
	return w.engine.Alarms(), ctx.Err()
}
