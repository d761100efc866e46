package pubsub

import (
	"fmt"
	"testing"
)

func BenchmarkDropOfASessionWithManyPatterns(b *testing.B) {
	r := New(unlimited)
	for b.Loop() {
		b.StopTimer()
		s := newSession(2)
		for i := range 300_000 {
			r.Subscribe(s, Pattern, fmt.Appendf(nil, "pattern:%d:*", i), func() {})
		}
		b.StartTimer()
		r.Drop(s)
	}
}
