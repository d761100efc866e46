package bench

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/curfewkv/curfew/resp"
)

// eviction compares writes into a full server with writes into one that has room, and watches the limit.
type eviction struct{ keys int }

const (
	evictionClients = 4
	evictionPolicy  = "allkeys-lru"
	burstValue      = 1024 // bytes
	burstPipeline   = 16
)

func (*eviction) Name() string { return "eviction" }

func (*eviction) Short() string { return "writes into a full server, and overshoot of maxmemory" }

func (s *eviction) About() string {
	return fmt.Sprintf(`%s keys are in memory. %d clients insert as many new ones, each waiting for its reply: first without a limit,
then with maxmemory set to what is in use and %s, so that every write has to evict. The goal is a p99.9 within twice
the first one's. A burst of %d-byte values in pipelines of %d follows. Overshoot is the largest used_memory above
maxmemory seen in either, looked at every %v; 1%% and 1 MiB are allowed.`,
		thousands(int64(s.keys)), evictionClients, evictionPolicy, burstValue, burstPipeline, samplePeriod)
}

func (s *eviction) Run(ctx context.Context, t *Target) ([]Figure, error) {
	value := randomBytes(smallValue)
	n := int64(s.keys)
	if _, err := t.fill(ctx, "fill", n, set("old:", value)); err != nil {
		return nil, err
	}
	roomy, err := s.insert(ctx, t, "insert with room", load{pipeline: 1, connections: evictionClients, requests: n, command: set("new:", value)})
	if err != nil {
		return nil, err
	}
	used, err := t.usedMemory()
	if err != nil {
		return nil, err
	}
	maxmemory := int64(used)
	if err := setLimit(t, maxmemory, evictionPolicy); err != nil {
		return nil, err
	}
	tight, err := s.insert(ctx, t, "insert at maxmemory", load{pipeline: 1, connections: evictionClients, requests: n, command: set("more:", value)})
	if err != nil {
		return nil, err
	}
	burst, err := s.insert(ctx, t, "burst at maxmemory", load{pipeline: burstPipeline, connections: throughputClients, requests: n,
		command: set("burst:", randomBytes(burstValue))})
	if err != nil {
		return nil, err
	}
	a, b := roomy.seen.distribution(), tight.seen.distribution()
	over := max(0, max(tight.peak, burst.peak)-float64(maxmemory))
	ratio := 0.0
	if base := a.quantile(.999); base > 0 {
		ratio = float64(b.quantile(.999)) / float64(base)
	}
	return []Figure{
		{Name: "SET with room, p99", Unit: Millis, Better: Lower, Value: millis(a.quantile(.99))},
		{Name: "SET with room, p99.9", Unit: Millis, Better: Lower, Value: millis(a.quantile(.999))},
		{Name: "SET at maxmemory, p99", Unit: Millis, Better: Lower, Value: millis(b.quantile(.99))},
		{Name: "SET at maxmemory, p99.9", Unit: Millis, Better: Lower, Value: millis(b.quantile(.999))},
		{Name: "SET at maxmemory, p99.9 against with room", Unit: Factor, Better: Lower, Goal: limit(2), Value: ratio},
		{Name: "overshoot of maxmemory", Unit: Bytes, Better: Lower, Goal: limit(float64(maxmemory)/100 + 1<<20), Value: over},
		{Name: "evicting SETs", Unit: PerSecond, Better: Higher, Value: float64(n) / tight.elapsed.Seconds()},
	}, nil
}

// setLimit sets maxmemory and the policy.
func setLimit(t *Target, bytes int64, policy string) error {
	if err := t.do("CONFIG", "SET", "maxmemory-policy", policy); err != nil {
		return err
	}
	return t.do("CONFIG", "SET", "maxmemory", strconv.FormatInt(bytes, 10))
}

// watched is a load's result with the largest used_memory seen meanwhile.
type watched struct {
	loadResult
	peak float64
}

// insert runs a load. The same watching goes on in all phases: it costs the server a little, so it must not be in one
// phase only.
func (s *eviction) insert(ctx context.Context, t *Target, label string, l load) (watched, error) {
	update, finish := t.progress(t.Name+": "+label, l.requests)
	defer finish()
	l.addr, l.sample, l.progress = t.Addr, true, update
	m, err := watchMemory(ctx, t.Addr)
	if err != nil {
		return watched{}, err
	}
	r, err := l.run(ctx)
	peak, watchErr := m.stop()
	if err == nil {
		err = errors.Join(r.check(), watchErr)
	}
	if err != nil {
		return watched{}, fmt.Errorf("%s: %w", label, err)
	}
	return watched{r, peak}, nil
}

// samplePeriod is how often memoryWatch looks.
const samplePeriod = 5 * time.Millisecond

// memoryWatch looks at used_memory over a connection of its own.
type memoryWatch struct {
	cancel context.CancelFunc
	done   sync.WaitGroup
	peak   float64 // owned by the goroutine until done
	err    error   // likewise
}

// watchMemory starts the goroutine that stop ends.
func watchMemory(ctx context.Context, addr string) (*memoryWatch, error) {
	conn, err := resp.Dial(addr)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	m := &memoryWatch{cancel: cancel}
	t := &Target{Addr: addr, conn: conn}
	m.done.Go(func() {
		defer func() { m.err = errors.Join(m.err, conn.Close()) }()
		for {
			used, err := t.usedMemory()
			if err != nil {
				m.err = err
				return
			}
			m.peak = max(m.peak, used)
			if pause(ctx, samplePeriod) != nil {
				return
			}
		}
	})
	return m, nil
}

func (m *memoryWatch) stop() (peak float64, err error) {
	m.cancel()
	m.done.Wait()
	return m.peak, m.err
}
