package output

import (
	"testing"
	"time"
)

func TestShort(t *testing.T) {
	for text, want := range map[string]string{"": "", "0123456789": "0123456789", "0123456789a": "012345…89a", "ääääääääääää": "ääääää…äää"} {
		if got := Short(text, 10); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestDuration(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0s", time.Second: "1s", time.Minute: "1m", 10 * time.Minute: "10m", time.Hour: "1h", 24 * time.Hour: "24h",
		time.Hour + time.Second: "1h0m1s", time.Hour + 10*time.Minute: "1h10m", 1500 * time.Millisecond: "1.5s", time.Millisecond: "1ms",
	} {
		if got := Duration(d); got != want {
			t.Errorf("%v: %s, want %s", d, got, want)
		}
		if back, err := time.ParseDuration(Duration(d)); err != nil || back != d {
			t.Errorf("%v is read back as %v %v", d, back, err)
		}
	}
}
