package audit

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"

	"github.com/curfewkv/curfew/internal/toolkit/output"
)

// WriteCSV writes a line for each prefix, and one for all whose prefix is "". Figures are raw, as in JSON; what is not
// known is empty.
func WriteCSV(w io.Writer, r *Report, _ int) error {
	out := csv.NewWriter(w)
	header := []string{
		"prefix", "keys", "keys_low", "keys_high", "share", "no_ttl", "no_ttl_low", "no_ttl_high", "bytes", "bytes_low", "bytes_high",
		"no_ttl_bytes", "ttl_ms_median", "ttl_ms_p90", "idle_seconds_median", "idle_seconds_p90", "freq_median", "biggest_bytes", "biggest_key", "types",
	}
	for _, class := range TTLClasses {
		header = append(header, "ttl"+class)
	}
	rows := [][]string{header}
	for i := range r.Prefixes {
		rows = append(rows, csvRow(r, &r.Prefixes[i]))
	}
	rows = append(rows, csvRow(r, &r.Total))
	if err := out.WriteAll(rows); err != nil {
		return fmt.Errorf("CSV: %w", err)
	}
	return nil
}

func csvRow(r *Report, row *Row) []string {
	whole := func(x float64) string { return strconv.FormatFloat(x, 'f', 0, 64) }
	optional := func(x *float64) string {
		if x == nil {
			return ""
		}
		return whole(*x)
	}
	millis := func(n *int64) string {
		if n == nil {
			return ""
		}
		return strconv.FormatInt(*n, 10)
	}
	line := []string{cell(row.Prefix), whole(row.Keys.Value), whole(row.Keys.Low), whole(row.Keys.High), strconv.FormatFloat(row.Share, 'f', 6, 64)}
	line = append(line, whole(row.NoTTL.Value), whole(row.NoTTL.Low), whole(row.NoTTL.High))
	bytes := []string{"", "", "", ""}
	if r.HasBytes {
		bytes = []string{whole(row.Bytes.Value), whole(row.Bytes.Low), whole(row.Bytes.High), whole(row.NoTTLBytes)}
	}
	line = append(line, bytes...)
	line = append(line, millis(row.TTLMedian), millis(row.TTLP90), optional(row.IdleMedian), optional(row.IdleP90), optional(row.FreqMedian))
	biggest := []string{"", ""}
	if row.Biggest != nil {
		biggest = []string{strconv.FormatInt(row.Biggest.Bytes, 10), cell(row.Biggest.Key)}
	}
	line = append(append(line, biggest...), typesText(row))
	for _, bar := range row.TTL {
		line = append(line, whole(bar.Keys))
	}
	return line
}

// cell keeps a spreadsheet from taking a key for a formula.
func cell(key string) string {
	if key == "" {
		return ""
	}
	switch text := output.Printable(key); text[0] {
	case '=', '+', '-', '@':
		return "'" + text
	default:
		return text
	}
}
