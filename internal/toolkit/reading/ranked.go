package reading

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/curfewkv/curfew/internal/toolkit/prefix"
)

// ranked are the rows as labels can show them, those with the most keys first. Keys need not be UTF-8, and labels must be:
// rows that read the same then are one.
func ranked(rows []prefix.Row[float64]) []Prefix {
	byText := map[string]float64{}
	for _, row := range rows {
		byText[strings.ToValidUTF8(row.Pattern, "�")] += row.Value
	}
	all := make([]Prefix, 0, len(byText))
	for _, pattern := range slices.Sorted(maps.Keys(byText)) {
		all = append(all, Prefix{pattern, math.Round(byText[pattern])})
	}
	slices.SortStableFunc(all, func(a, b Prefix) int { return cmp.Compare(b.NoTTL, a.NoTTL) })
	return all
}
