package lifetime

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// steppedClock is a clock that tests move. Its wall time can be set apart from it, as an administrator or NTP does.
type steppedClock struct {
	mu     sync.Mutex
	at     time.Duration
	wall   time.Time
	timers map[*steppedTimer]struct{}
}

type steppedTimer struct {
	due   time.Duration
	fired chan time.Time
}

func newSteppedClock() *steppedClock {
	return &steppedClock{wall: time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC), timers: map[*steppedTimer]struct{}{}}
}

func (c *steppedClock) now() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *steppedClock) timer(at time.Duration) (<-chan time.Time, func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	t := &steppedTimer{due: at, fired: make(chan time.Time, 1)}
	if at <= c.at {
		t.fired <- c.wall
		return t.fired, func() {}
	}
	c.timers[t] = struct{}{}
	return t.fired, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.timers, t)
	}
}

// advance lets time pass, on both clocks.
func (c *steppedClock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at += d
	c.wall = c.wall.Add(d)
	for t := range c.timers {
		if t.due <= c.at {
			t.fired <- c.wall
			delete(c.timers, t)
		}
	}
}

// setWall sets the time of day.
func (c *steppedClock) setWall(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wall = c.wall.Add(d)
}

func TestLocksNeverAskForTheTimeOfDay(t *testing.T) {
	files, err := filepath.Glob("lock*.go")
	if err != nil || len(files) < 5 {
		t.Fatal(files, err)
	}
	wall := regexp.MustCompile(`time\.(Now|Until|Date)\(|\.Unix\w*\(`)
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range wall.FindAllString(string(text), -1) {
			// The server's clock, for the fencing number.
			if file != "lock_script.go" || found != ".UnixMicro(" {
				t.Errorf("%s uses %s", file, found)
			}
		}
	}
	if !strings.Contains(processStart.String(), "m=") {
		t.Error("the process's clock has no monotonic reading")
	}
}
