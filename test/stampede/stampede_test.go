package stampede

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/curfewkv/curfew/test/rig"
)

const (
	processes = 4
	callers   = 1000
	// limit bounds each wait: what takes longer hangs.
	limit = 90 * time.Second
)

// origin is what a cache stands before: it counts loads, and answers each with its number.
type origin struct {
	*httptest.Server
	loads   atomic.Int64
	running atomic.Int64
	overlap atomic.Bool
	// begun hears the process of each load that is to be held back until it is answered or its process is gone.
	begun chan int
}

func startOrigin(t *testing.T) *origin {
	o := &origin{begun: make(chan int, processes*callers)}
	var hold sync.Once
	o.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := o.loads.Add(1)
		if o.running.Add(1) > 1 {
			o.overlap.Store(true)
		}
		defer o.running.Add(-1)
		if r.FormValue("key") == "held" {
			held := false
			hold.Do(func() { held = true })
			pid, _ := strconv.Atoi(r.FormValue("pid"))
			o.begun <- pid
			if held {
				<-r.Context().Done() // its process is killed
				return
			}
		}
		time.Sleep(50 * time.Millisecond) // a load takes its time, so that callers can pile up
		fmt.Fprint(w, n)
	}))
	t.Cleanup(o.Close)
	return o
}

func onBoth(t *testing.T, run func(t *testing.T, addr string, client *redis.Client)) {
	for name, start := range map[string]func(testing.TB, ...string) *rig.Server{"redis": rig.Redis, "curfew": rig.Curfew} {
		t.Run(name, func(t *testing.T) {
			server := start(t)
			client := redis.NewClient(&redis.Options{Addr: server.Addr})
			t.Cleanup(func() { _ = client.Close() })
			run(t, server.Addr, client)
		})
	}
}

// gather gives the job to all workers at once, and returns their reports, all within the limit.
func gather(t *testing.T, workers []*worker, j job, dead func(pid int) bool) []report {
	t.Helper()
	for _, w := range workers {
		if err := w.send(j); err != nil {
			t.Fatal(err)
		}
	}
	return receive(t, workers, dead)
}

func receive(t *testing.T, workers []*worker, dead func(pid int) bool) []report {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	type answer struct {
		report
		err error
		pid int
	}
	answers := make(chan answer, len(workers))
	for _, w := range workers {
		go func() {
			r, err := w.receive()
			answers <- answer{r, err, w.cmd.Process.Pid}
		}()
	}
	var reports []report
	for range workers {
		select {
		case a := <-answers:
			if dead != nil && dead(a.pid) {
				continue
			}
			if a.err != nil {
				t.Fatalf("worker %d: %v", a.pid, a.err)
			}
			for _, text := range a.Errors {
				t.Errorf("worker %d: %s", a.pid, text)
			}
			reports = append(reports, a.report)
		case <-ctx.Done():
			t.Fatalf("workers still wait after %v", limit)
		}
	}
	return reports
}

func startWorkers(t *testing.T, addr string, o *origin, lease time.Duration) []*worker {
	workers := make([]*worker, processes)
	for i := range workers {
		workers[i] = startWorker(t, addr, o.URL, lease)
	}
	return workers
}

func gone(t *testing.T, client *redis.Client, key string) {
	t.Helper()
	for end := time.Now().Add(limit); client.Exists(t.Context(), key).Val() != 0; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s does not end", key)
		}
	}
}

// All callers come when the key has just ended.
func TestAThousandCallersLoadOnceAfterEachExpiry(t *testing.T) {
	onBoth(t, func(t *testing.T, addr string, client *redis.Client) {
		o := startOrigin(t)
		workers := startWorkers(t, addr, o, 5*time.Second)
		// The value lives until the last caller has asked; its end is brought forward then.
		j := job{Key: "hot", TTL: time.Hour, Callers: callers / processes}
		for expiry := 1; expiry <= 4; expiry++ {
			got := 0
			for _, r := range gather(t, workers, j, nil) {
				for value, n := range r.Values {
					if value != expiry {
						t.Errorf("after expiry %d: %d callers got value %d", expiry, n, value)
					}
					got += n
				}
			}
			if loads := o.loads.Load(); got != callers || loads != int64(expiry) {
				t.Fatalf("after expiry %d: %d callers were answered, and %d loads were made", expiry, got, loads)
			}
			client.PExpire(t.Context(), "hot", time.Millisecond) // it ends now
			gone(t, client, "hot")
		}
	})
}

// All callers go on calling while the key ends again and again.
func TestAThousandCallersLoadOncePerExpiry(t *testing.T) {
	onBoth(t, func(t *testing.T, addr string, client *redis.Client) {
		o := startOrigin(t)
		workers := startWorkers(t, addr, o, 5*time.Second)
		const loads = 6
		gather(t, workers, job{Key: "hot", TTL: 300 * time.Millisecond, Callers: callers / processes, Until: loads}, nil)
		if o.overlap.Load() {
			t.Error("two loads ran at once")
		}
		gone(t, client, "hot")
		// Leases are deleted, not left to expire, so all keys that expired are the value.
		expired := statistic(t, client, "expired_keys")
		if got := o.loads.Load(); got < loads || got != expired {
			t.Errorf("%d loads for %d expiries", got, expired)
		}
	})
}

func statistic(t *testing.T, client *redis.Client, name string) int64 {
	t.Helper()
	for line := range strings.SplitSeq(client.Info(t.Context(), "stats").Val(), "\r\n") {
		if value, ok := strings.CutPrefix(line, name+":"); ok {
			n, err := strconv.ParseInt(value, 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
	}
	t.Fatalf("INFO has no %s", name)
	return 0
}

// The process that loads is killed. When its lease has ended, one other loads, and all callers are answered.
func TestOneMoreLoadWhenTheLoaderIsKilled(t *testing.T) {
	onBoth(t, func(t *testing.T, addr string, client *redis.Client) {
		o := startOrigin(t)
		workers := startWorkers(t, addr, o, time.Second)
		j := job{Key: "held", TTL: time.Hour, Callers: callers / processes}
		for _, w := range workers {
			if err := w.send(j); err != nil {
				t.Fatal(err)
			}
		}
		var victim int
		select {
		case victim = <-o.begun:
		case <-time.After(limit):
			t.Fatal("nobody loads")
		}
		if err := syscall.Kill(victim, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		answered := 0
		for _, r := range receive(t, workers, func(pid int) bool { return pid == victim }) {
			for value, n := range r.Values {
				if value != 2 {
					t.Errorf("%d callers got value %d", n, value)
				}
				answered += n
			}
		}
		if want := callers / processes * (processes - 1); answered != want {
			t.Errorf("%d callers were answered, want %d", answered, want)
		}
		if n := o.loads.Load(); n != 2 {
			t.Errorf("%d loads, want 2: the one that was killed, and one more", n)
		}
		if n := client.DBSize(t.Context()).Val(); n != 1 {
			t.Errorf("%d keys are left, want the value's only", n)
		}
	})
}
