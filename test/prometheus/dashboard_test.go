package prometheus

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

type dashboard struct {
	UID           string  `json:"uid"`
	Title         string  `json:"title"`
	ID            any     `json:"id"`
	SchemaVersion int     `json:"schemaVersion"`
	Panels        []panel `json:"panels"`
	Templating    struct {
		List []variable `json:"list"`
	} `json:"templating"`
}

type panel struct {
	ID         int        `json:"id"`
	Type       string     `json:"type"`
	Title      string     `json:"title"`
	Datasource datasource `json:"datasource"`
	GridPos    struct{ X, Y, W, H int }
	Targets    []struct {
		Datasource datasource `json:"datasource"`
		Expr       string     `json:"expr"`
		RefID      string     `json:"refId"`
		Instant    bool       `json:"instant"`
		Range      bool       `json:"range"`
	} `json:"targets"`
	FieldConfig struct {
		Defaults struct {
			Unit string `json:"unit"`
		} `json:"defaults"`
	} `json:"fieldConfig"`
}

type datasource struct {
	Type string `json:"type"`
	UID  string `json:"uid"`
}

type variable struct {
	Name       string `json:"name"`
	Type       string `json:"type"`
	Definition string `json:"definition"`
}

func readDashboard(t *testing.T) dashboard {
	t.Helper()
	text, err := os.ReadFile(deploy + "/grafana/curfew-ttl.json")
	if err != nil {
		t.Fatal(err)
	}
	var d dashboard
	if err := json.Unmarshal(text, &d); err != nil {
		t.Fatal(err)
	}
	return d
}

// What Grafana needs to import a dashboard and to show it whole.
func TestTheDashboardCanBeImported(t *testing.T) {
	d := readDashboard(t)
	// An id is one of a database; with null Grafana makes its own. 36 came with Grafana 9, the oldest that is meant.
	if d.UID == "" || d.Title == "" || d.ID != nil || d.SchemaVersion < 36 {
		t.Errorf("uid %q, title %q, id %v, schemaVersion %d", d.UID, d.Title, d.ID, d.SchemaVersion)
	}
	known := []string{"timeseries", "stat", "gauge", "bargauge", "table", "row"}
	ids, taken := map[int]string{}, map[[2]int]string{}
	for _, p := range d.Panels {
		if other, ok := ids[p.ID]; ok || p.ID == 0 {
			t.Errorf("%s has the id %d of %s", p.Title, p.ID, other)
		}
		ids[p.ID] = p.Title
		if p.Title == "" || !slices.Contains(known, p.Type) {
			t.Errorf("panel %d: title %q, type %q", p.ID, p.Title, p.Type)
		}
		for x := p.GridPos.X; x < p.GridPos.X+p.GridPos.W; x++ {
			for y := p.GridPos.Y; y < p.GridPos.Y+p.GridPos.H; y++ {
				if other, ok := taken[[2]int{x, y}]; ok || x >= 24 {
					t.Fatalf("%s lies over %s", p.Title, other)
				}
				taken[[2]int{x, y}] = p.Title
			}
		}
		if p.Type == "row" {
			continue
		}
		if len(p.Targets) == 0 || p.FieldConfig.Defaults.Unit == "" {
			t.Errorf("%s has %d queries and the unit %q", p.Title, len(p.Targets), p.FieldConfig.Defaults.Unit)
		}
		refs := map[string]bool{}
		for _, q := range p.Targets {
			if q.Expr == "" || refs[q.RefID] || q.Instant == q.Range || q.Datasource != p.Datasource || q.Datasource != (datasource{"prometheus", "${datasource}"}) {
				t.Errorf("%s: query %+v", p.Title, q)
			}
			refs[q.RefID] = true
		}
	}
	var names []string
	for _, v := range d.Templating.List {
		names = append(names, v.Name)
	}
	if !slices.Equal(names, []string{"datasource", "job", "instance", "addr"}) {
		t.Errorf("variables %v", names)
	}
}

// The dashboard has what the articles ask of one.
func TestTheDashboardShowsWhatTheArticlesAsk(t *testing.T) {
	var all strings.Builder
	for _, p := range readDashboard(t).Panels {
		for _, q := range p.Targets {
			fmt.Fprintln(&all, q.Expr)
		}
	}
	for what, metric := range map[string]string{
		"memory": "redis_memory_used_bytes", "its limit": "redis_memory_max_bytes", "evictions": "rate(redis_evicted_keys_total",
		"refused writes": "rate(redis_write_failures_total", "keys without TTL": "redis_no_ttl_keys_total", "top prefixes": "topk(10, redis_no_ttl_keys{",
		"hits": "redis_keyspace_hits_total", "misses": "redis_keyspace_misses_total", "expirations": "rate(redis_expired_keys_total",
		"clocks": "redis_clock_skew_seconds", "keys": "redis_db_keys", "alarms": "ALERTS{",
	} {
		if !strings.Contains(all.String(), metric) {
			t.Errorf("no %s", what)
		}
	}
}

// substitute puts values for the variables, as Grafana would with everything chosen.
func substitute(expr string) string {
	expr = strings.ReplaceAll(expr, "$__rate_interval", "15s")
	for _, name := range []string{"job", "instance", "addr"} {
		expr = strings.ReplaceAll(expr, "$"+name, ".*")
	}
	return expr
}

var labelValues = regexp.MustCompile(`^label_values\((.+), (\w+)\)$`)
