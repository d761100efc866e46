package bench

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// throughput measures what requests cost the server, and how many it answers, when it is kept busy.
type throughput struct {
	requests int64
	// tool is the path of redis-benchmark: with it, others can repeat the measurement. Empty for the driver of this
	// package.
	tool string
}

const (
	throughputClients = 50
	throughputKeys    = 1_000_000
	throughputValue   = 64 // bytes
)

// stream is one kind of traffic.
type stream struct {
	command  string
	pipeline int
	goal     *Goal
}

// streams have the goals of redis-server 7.0.15's figures on the machine on which the goals were set, turned into shares
// of it: the best peer's figure without a pipeline, half of the best peer's with one of 16.
var streams = []stream{
	{"SET", 1, ofPeer(0.98, "the best peer: 7.9 us where Redis 7.0.15 took 8.1")},
	{"GET", 1, ofPeer(0.94, "the best peer: 7.2 us where Redis 7.0.15 took 7.7")},
	{"SETEX", 1, ofPeer(0.97, "the best peer: 8.4 us where Redis 7.0.15 took 8.7")},
	{"SET", 16, ofPeer(0.49, "half of the best peer: 0.83 us where Redis 7.0.15 took 1.68")},
	{"GET", 16, ofPeer(0.48, "half of the best peer: 0.70 us where Redis 7.0.15 took 1.46")},
	{"SETEX", 16, ofPeer(0.40, "half of the best peer: 0.95 us where Redis 7.0.15 took 2.38")},
	{"GET", 128, nil},
}

func (s stream) String() string {
	if s.pipeline == 1 {
		return s.command + ", no pipeline"
	}
	return fmt.Sprintf("%s, pipeline %d", s.command, s.pipeline)
}

func (*throughput) Name() string { return "throughput" }

func (*throughput) Short() string {
	return "processor time per request, rate and latency under full load"
}

func (s *throughput) About() string {
	driver := "redis-benchmark"
	if s.tool == "" {
		driver = "curfew's own driver"
	}
	return fmt.Sprintf(`%d connections send requests for %s random keys with %d-byte values, each connection one pipeline at a
time; all keys exist. Driver: %s. CPU is the server's processor time, user and kernel, over the requests: what a request
costs, whatever the driver manages to send. It is steadier than requests per second, and the goals are set on it, as
shares of redis-server's figure in the same run.`, throughputClients, thousands(throughputKeys), throughputValue, driver)
}

func (s *throughput) Run(ctx context.Context, t *Target) ([]Figure, error) {
	value := randomBytes(throughputValue)
	if _, err := t.fill(ctx, "fill", throughputKeys, set("key:", value)); err != nil {
		return nil, err
	}
	update, finish := t.progress(t.Name+": throughput", int64(len(streams)))
	defer finish()
	var figures []Figure
	for i, st := range streams {
		f, err := s.measure(ctx, t, st, value)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", st, err)
		}
		figures = append(figures, f...)
		update(int64(i + 1))
	}
	return figures, nil
}

// sent is what a driver reports.
type sent struct {
	rate     float64 // requests per second
	p50, p99 time.Duration
}

func (s *throughput) measure(ctx context.Context, t *Target, st stream, value []byte) ([]Figure, error) {
	requests := s.requests
	switch {
	case st.pipeline >= 128:
		requests *= 16
	case st.pipeline > 1:
		requests *= 8
	}
	before, cpuErr := t.Process.cpu()
	drive := s.own
	if s.tool != "" {
		drive = s.redisBenchmark
	}
	out, err := drive(ctx, t, st, requests, value)
	if err != nil {
		return nil, err
	}
	after, _ := t.Process.cpu()
	cost := Figure{Name: st.String() + ": CPU", Unit: MicrosPerRequest, Better: Lower, Goal: st.goal,
		Value: micros(after-before) / float64(requests)}
	name := st.String()
	return []Figure{
		cost.unless(cpuErr != nil, errNoProcess.Error()),
		{Name: name + ": rate", Unit: PerSecond, Better: Higher, Value: out.rate},
		{Name: name + ": p50", Unit: Millis, Better: Lower, Value: millis(out.p50)},
		{Name: name + ": p99", Unit: Millis, Better: Lower, Value: millis(out.p99)},
	}, nil
}

// own drives the stream with this package's load.
func (s *throughput) own(ctx context.Context, t *Target, st stream, requests int64, value []byte) (sent, error) {
	random := numbers()
	header := map[string]string{
		"GET": "*2\r\n$3\r\nGET\r\n", "SET": "*3\r\n$3\r\nSET\r\n", "SETEX": "*4\r\n$5\r\nSETEX\r\n",
	}[st.command]
	l := load{
		addr: t.Addr, connections: throughputClients, pipeline: st.pipeline, requests: requests, sample: true,
		command: func(dst []byte, _ int64) []byte {
			dst = append(dst, header...)
			dst = appendKey(dst, "key:", random.Int64N(throughputKeys), keyLength)
			if st.command == "SETEX" {
				dst = appendInt(dst, 3600)
			}
			if st.command != "GET" {
				dst = appendBulk(dst, value)
			}
			return dst
		},
	}
	r, err := l.run(ctx)
	if err == nil {
		err = r.check()
	}
	if err != nil {
		return sent{}, err
	}
	d := r.seen.distribution()
	return sent{rate: float64(requests) / r.elapsed.Seconds(), p50: d.quantile(.5), p99: d.quantile(.99)}, nil
}

// redisBenchmark drives the stream with Redis's own tool, which runs on this process's core.
func (s *throughput) redisBenchmark(ctx context.Context, t *Target, st stream, requests int64, value []byte) (sent, error) {
	args := []string{"-d", fmt.Sprint(len(value)), "-t", strings.ToLower(st.command)}
	if st.command == "SETEX" { // not one of its built-in tests
		args = []string{"SETEX", "key:__rand_int__", "3600", strings.Repeat("x", len(value))}
	}
	return runRedisBenchmark(ctx, s.tool, t.Addr, append([]string{
		"-c", fmt.Sprint(throughputClients), "-P", fmt.Sprint(st.pipeline), "-n", fmt.Sprint(requests),
		"-r", fmt.Sprint(throughputKeys),
	}, args...))
}
