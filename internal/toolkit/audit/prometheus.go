package audit

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"github.com/curfewkv/curfew/internal/toolkit/output"
)

// WritePrometheus writes the text format, as the textfile collector of node_exporter reads it. There are as many series as
// prefixes, which are bounded.
func WritePrometheus(w io.Writer, r *Report, _ int) error {
	var b strings.Builder
	family := func(name, help string) {
		fmt.Fprintf(&b, "# HELP %s %s\n# TYPE %s gauge\n", name, help, name)
	}
	series := func(name string, value float64, labels ...string) {
		b.WriteString(name)
		for i := 0; i+1 < len(labels); i += 2 {
			open := ","
			if i == 0 {
				open = "{"
			}
			fmt.Fprintf(&b, `%s%s="%s"`, open, labels[i], escapeLabel(labels[i+1]))
		}
		if len(labels) > 0 {
			b.WriteByte('}')
		}
		b.WriteString(" " + strconv.FormatFloat(math.Round(value*1000)/1000, 'f', -1, 64) + "\n")
	}
	keyspaces := func(name, help string, value func(Keyspace) int64) {
		family(name, help)
		for _, k := range r.Keyspaces {
			if n := value(k); n >= 0 {
				series(name, float64(n), "addr", k.Node, "db", "db"+strconv.Itoa(k.DB))
			}
		}
	}
	// Bytes that are no UTF-8 are written out: replaced, two prefixes could become the same series.
	prefixes := func(name, help string, value func(*Row) (float64, bool)) {
		family(name, help)
		for i := range r.Prefixes {
			if x, ok := value(&r.Prefixes[i]); ok {
				series(name, x, "prefix", output.Printable(r.Prefixes[i].Prefix))
			}
		}
	}
	keyspaces("redis_db_keys", "Keys of a database, as the server counts them.", func(k Keyspace) int64 { return k.Keys })
	keyspaces("redis_db_keys_expiring", "Keys with a TTL, as the server counts them.", func(k Keyspace) int64 { return k.Expires })
	keyspaces("redis_no_ttl_keys_total", "Keys without a TTL, as the server counts them.", func(k Keyspace) int64 { return k.NoTTL })
	prefixes("curfew_audit_prefix_keys", "Keys under a prefix, estimated from a sample unless every key was looked at.",
		func(row *Row) (float64, bool) { return math.Round(row.Keys.Value), true })
	prefixes("curfew_audit_prefix_no_ttl_keys", "Keys under a prefix that have no TTL.", func(row *Row) (float64, bool) { return math.Round(row.NoTTL.Value), true })
	if r.HasBytes {
		prefixes("curfew_audit_prefix_bytes", "Memory of the keys under a prefix.", func(row *Row) (float64, bool) { return math.Round(row.Bytes.Value), true })
		prefixes("curfew_audit_prefix_no_ttl_bytes", "Memory of the keys under a prefix that have no TTL.",
			func(row *Row) (float64, bool) { return row.NoTTLBytes, true })
	}
	prefixes("curfew_audit_prefix_ttl_median_seconds", "Median of what is left of the TTLs under a prefix.",
		func(row *Row) (float64, bool) { return ms(row.TTLMedian) / 1000, row.TTLMedian != nil })
	if r.HasIdle {
		prefixes("curfew_audit_prefix_idle_median_seconds", "Median of the time since keys under a prefix were used.",
			func(row *Row) (float64, bool) {
				if row.IdleMedian == nil {
					return 0, false
				}
				return *row.IdleMedian, true
			})
	}
	family("curfew_audit_keys_looked_at", "Keys that the figures of prefixes rest on.")
	series("curfew_audit_keys_looked_at", float64(r.Looked))
	family("curfew_audit_timestamp_seconds", "When the audit was made.")
	series("curfew_audit_timestamp_seconds", float64(r.At.Unix()))
	_, err := io.WriteString(w, b.String())
	return err
}

var labelEscapes = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)

func escapeLabel(s string) string { return labelEscapes.Replace(strings.ToValidUTF8(s, "�")) }
