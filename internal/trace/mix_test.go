package trace

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func writeMix(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "mix.csv")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

const mixFile = "cluster,key_size,ttl_mix\nc1,80,240:1\nc2,21,1.2096e+06:0.4;60:0.1\nc3,1,\n"

func TestMixDealsTheSharesOfItsCluster(t *testing.T) {
	m, err := LoadTTLMix(writeMix(t, mixFile), "c2")
	if err != nil {
		t.Fatal(err)
	}
	const keys = 100_000
	count := make(map[time.Duration]int)
	for i := range keys {
		count[m.TTL(fmt.Appendf(nil, "key:%d", i))]++
	}
	// Shares are scaled to 1: 0.4 and 0.1 become 0.8 and 0.2.
	for ttl, share := range map[time.Duration]float64{336 * time.Hour: .8, time.Minute: .2} {
		if got := float64(count[ttl]) / keys; math.Abs(got-share) > .01 {
			t.Errorf("%v: share %.3f, want %.2f", ttl, got, share)
		}
	}
	if len(count) != 2 {
		t.Errorf("lifetimes: %v", count)
	}
}

func TestMixOfAllClustersWeighsThemEquallyAndDependsOnTheKeyAlone(t *testing.T) {
	path := writeMix(t, mixFile)
	a, err := LoadTTLMix(path, "")
	if err != nil {
		t.Fatal(err)
	}
	b, err := LoadTTLMix(path, "")
	if err != nil {
		t.Fatal(err)
	}
	const keys = 100_000
	first := 0
	for i := range keys {
		key := fmt.Appendf(nil, "%d", i)
		if a.TTL(key) != b.TTL(key) {
			t.Fatalf("key %s: %v and %v", key, a.TTL(key), b.TTL(key))
		}
		if a.TTL(key) == 4*time.Minute {
			first++
		}
	}
	if got := float64(first) / keys; math.Abs(got-.5) > .01 {
		t.Errorf("share of c1 is %.3f, want 0.5", got)
	}
}

func TestMixRefusesWhatItCannotDeal(t *testing.T) {
	if _, err := LoadTTLMix(writeMix(t, mixFile), "c3"); !errors.Is(err, ErrNoMix) {
		t.Errorf("a cluster without lifetimes: %v", err)
	}
	if _, err := LoadTTLMix(writeMix(t, mixFile), "c9"); !errors.Is(err, ErrNoMix) {
		t.Errorf("a cluster that is not there: %v", err)
	}
	for _, bad := range []string{"", "a,b\n1,2\n", "cluster,ttl_mix\nc,60\n", "cluster,ttl_mix\nc,x:1\n", "cluster,ttl_mix\nc,60:-1\n"} {
		if m, err := LoadTTLMix(writeMix(t, bad), ""); err == nil {
			t.Errorf("%q: accepted as %v", bad, m)
		}
	}
	if _, err := LoadTTLMix(filepath.Join(t.TempDir(), "none"), ""); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a missing file: %v", err)
	}
}
