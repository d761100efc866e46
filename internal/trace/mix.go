package trace

import (
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/cespare/xxhash/v2"
)

// TTLMix deals lifetimes to keys in given shares. A key's lifetime depends on the key alone, so that every run, and
// every server compared, gets the same ones.
type TTLMix struct {
	parts []ttlPart
	total float64
}

type ttlPart struct {
	ttl   time.Duration
	share float64
}

// ErrNoMix says that a statistics file has no lifetimes for the cluster asked for.
var ErrNoMix = errors.New("no lifetimes in the TTL mix")

// LoadTTLMix reads a CSV with the columns cluster and ttl_mix ("seconds:share;seconds:share"), as derived from Twitter's
// published statistics. With a cluster's name that cluster's mix is taken, otherwise all clusters weigh the same.
func LoadTTLMix(path, cluster string) (*TTLMix, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open TTL mix: %w", err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("TTL mix %s: %w", path, err)
	}
	name, mix := -1, -1
	for i, row := range rows {
		if i > 0 {
			break
		}
		for j, column := range row {
			switch column {
			case "cluster":
				name = j
			case "ttl_mix":
				mix = j
			}
		}
	}
	if name < 0 || mix < 0 {
		return nil, fmt.Errorf("TTL mix %s: no columns cluster and ttl_mix", path)
	}
	m := &TTLMix{}
	for _, row := range rows[1:] {
		if cluster != "" && row[name] != cluster {
			continue
		}
		if err := m.add(row[mix]); err != nil {
			return nil, fmt.Errorf("TTL mix %s, %s: %w", path, row[name], err)
		}
	}
	if m.total == 0 {
		return nil, fmt.Errorf("%w: %s %s", ErrNoMix, path, cluster)
	}
	return m, nil
}

// add appends one cluster's lifetimes, scaled so that they weigh 1 together: the published shares leave rare ones out.
func (m *TTLMix) add(mix string) error {
	if mix == "" {
		return nil
	}
	var parts []ttlPart
	sum := 0.0
	for item := range strings.SplitSeq(mix, ";") {
		seconds, share, _ := strings.Cut(item, ":")
		ttl, ok := parseSeconds(seconds)
		var weight float64
		if _, err := fmt.Sscan(share, &weight); err != nil || !ok || weight <= 0 {
			return fmt.Errorf("not seconds:share: %q", item)
		}
		parts = append(parts, ttlPart{ttl, weight})
		sum += weight
	}
	for _, p := range parts {
		m.parts = append(m.parts, ttlPart{p.ttl, p.share / sum})
	}
	m.total++
	return nil
}

// TTL returns the lifetime of key.
func (m *TTLMix) TTL(key []byte) time.Duration {
	at := float64(xxhash.Sum64(key)>>11) / (1 << 53) * m.total
	for _, p := range m.parts {
		if at -= p.share; at < 0 {
			return p.ttl
		}
	}
	return m.parts[len(m.parts)-1].ttl // rounding
}
