package quantity

import (
	"testing"
	"time"
)

func TestDurationsWithDays(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"24h": 24 * time.Hour, "7d": 168 * time.Hour, "1d12h": 36 * time.Hour, "2w": 336 * time.Hour, "1w1d1ms": 192*time.Hour + time.Millisecond,
		"0.5d": 12 * time.Hour, "-1h": -time.Hour, "0": 0,
	} {
		if got, err := ParseDuration(text); err != nil || got != want {
			t.Errorf("%s: %v %v, want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "d", "1", "1x", "24h1d", "1d-", "999999999999w", "-1d"} {
		if got, err := ParseDuration(text); err == nil {
			t.Errorf("%s is taken for %v", text, got)
		}
	}
}

func TestPercents(t *testing.T) {
	for text, want := range map[string]float64{"10%": 10, "10": 10, "-1": -1} {
		var p Percent
		if err := p.Set(text); err != nil || float64(p) != want {
			t.Errorf("%q: %v %v", text, p, err)
		}
	}
	for _, text := range []string{"", "%", "ten", "NaN", "10%%"} {
		if p, err := ParsePercent(text); err == nil {
			t.Errorf("%q is taken for %v", text, p)
		}
	}
}

func TestBytes(t *testing.T) {
	for text, want := range map[string]int64{"0": 0, "1000": 1000, "64mb": 64 << 20, "64MB": 64 << 20, "64MiB": 64 << 20, "1.5gb": 3 << 29, "2k": 2000} {
		if got, err := ParseBytes(text); err != nil || got != want {
			t.Errorf("%q: %d %v", text, got, err)
		}
	}
	for _, text := range []string{"", "mb", "-1", "1xb", "99999999999tb"} {
		if got, err := ParseBytes(text); err == nil {
			t.Errorf("%q is taken for %d", text, got)
		}
	}
}
