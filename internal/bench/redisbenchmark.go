package bench

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"net"
	"os/exec"
	"strconv"
	"time"
)

// runRedisBenchmark runs redis-benchmark for one test and reads its CSV.
func runRedisBenchmark(ctx context.Context, path, addr string, args []string) (sent, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return sent{}, err
	}
	cmd := exec.CommandContext(ctx, path, append([]string{"-h", host, "-p", port, "-q", "--csv"}, args...)...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return sent{}, fmt.Errorf("redis-benchmark: %w: %s%s", err, bytes.TrimSpace(stderr.Bytes()), bytes.TrimSpace(out))
	}
	return parseRedisBenchmark(out)
}

// parseRedisBenchmark takes the last row's rate and percentiles, by the names in the first row.
func parseRedisBenchmark(out []byte) (s sent, err error) {
	rows, err := csv.NewReader(bytes.NewReader(out)).ReadAll()
	if err != nil || len(rows) < 2 {
		return s, fmt.Errorf("redis-benchmark: no table in %q (%v)", out, err)
	}
	column := func(name string) (float64, error) {
		for i, title := range rows[0] {
			if title == name {
				return strconv.ParseFloat(rows[len(rows)-1][i], 64)
			}
		}
		return 0, fmt.Errorf("redis-benchmark: no column %s in %q", name, out)
	}
	var p50, p99 float64
	for name, into := range map[string]*float64{"rps": &s.rate, "p50_latency_ms": &p50, "p99_latency_ms": &p99} {
		if *into, err = column(name); err != nil {
			return s, err
		}
	}
	s.p50, s.p99 = time.Duration(p50*float64(time.Millisecond)), time.Duration(p99*float64(time.Millisecond))
	return s, nil
}
