package trace

import (
	"io"
	"os"
	"path/filepath"
	"testing"
)

// folder names the environment variable that points to a folder with the public traces below. Without it their test is
// skipped: they are too large to be kept beside the code.
const folder = "CURFEW_TRACES"

// published has the counts that the collection's own description gives for each file, but for one: the Twitter sample is
// described as 99 rows, which is the number of its line ends; the last of its 100 rows has none.
var published = []struct {
	path, format   string
	requests, keys int
	rows           int // 0 where every row is one request
}{
	{"meta/short_bigcache_traces.csv.zst", "bigcache", 9_999, 3_125, 0},
	{"meta/kv_traces_1.csv", "kvcache", 0, 52, 99},
	{"meta/kv_traces_2.csv", "kvcache", 0, 62, 99},
	{"twitter/twitter_sample_cluster52_99rows.csv", "twitter", 100, 85, 0},
	{"adaptsize/request.trace.xz", "adaptsize", 66_987, 36_815, 0},
	{"cache2k/orm-busy.trace.xz", "int32", 5_000_000, 76_349, 0},
	{"cache2k/web07.trace.xz", "int32", 76_118, 20_484, 0},
	{"corda/trace_vaultservice.gz", "int64", 135_702, 90_468, 0},
	{"mooncake/conversation_trace.jsonl.zst", "mooncake", 288_500, 182_790, 12_031},
	{"mooncake/synthetic_trace.jsonl.zst", "mooncake", 0, 0, 3_993},
	{"arc/OLTP.lis.zst", "arc", 914_145, 186_880, 0},
	{"arc/P2.lis.zst", "arc", 12_729_495, 913_347, 0},
	{"arc/P3.lis.zst", "arc", 3_912_296, 762_543, 0},
	{"lirs/2_pools.trace.gz", "lirs", 100_000, 9_939, 0},
	{"lirs/cpp.trace.gz", "lirs", 9_047, 1_223, 0},
	{"lirs/sprite.trace.gz", "lirs", 133_996, 7_075, 0},
	{"lirs/multi1.trace.gz", "lirs", 15_858, 2_606, 0},
	{"lirs/multi3.trace.gz", "lirs", 30_241, 7_454, 0},
	{"lirs/loop.trace.gz", "lirs", 505_500, 1_011, 0},
	{"lirs/scan.trace.gz", "lirs", 50_025, 2_001, 0},
	{"lirs/zigzag.trace.gz", "lirs", 52_001, 2_001, 0},
	{"address/gcc.trace.gz", "address", 515_683, 35_070, 0},
	{"address/twolf.trace.gz", "address", 482_824, 7_354, 0},
	{"synthetic/zipf_1.0.txt.zst", "text", 1_000_000, 1_000, 0},
}

func TestPublicTracesHaveTheirPublishedCounts(t *testing.T) {
	root := os.Getenv(folder)
	if root == "" {
		t.Skipf("%s is not set", folder)
	}
	for _, p := range published {
		t.Run(p.path, func(t *testing.T) {
			r, err := Open(filepath.Join(root, p.path), "")
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			if r.Format().Name != p.format {
				t.Errorf("detected as %s, want %s", r.Format().Name, p.format)
			}
			keys := make(map[string]struct{})
			requests, rows, last := 0, 0, 0
			var req Request
			for {
				if err = r.Next(&req); err != nil {
					break
				}
				requests++
				if req.Row != last {
					rows, last = rows+1, req.Row
				}
				keys[string(req.Key)] = struct{}{}
			}
			if err != io.EOF {
				t.Fatal(err)
			}
			t.Logf("%d requests, %d rows, %d keys", requests, rows, len(keys))
			if p.requests != 0 && requests != p.requests {
				t.Errorf("%d requests, want %d", requests, p.requests)
			}
			if p.keys != 0 && len(keys) != p.keys {
				t.Errorf("%d keys, want %d", len(keys), p.keys)
			}
			if p.rows != 0 && rows != p.rows {
				t.Errorf("%d rows, want %d", rows, p.rows)
			}
		})
	}
}
