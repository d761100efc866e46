package config

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// SavePoint asks for a snapshot when Changes keys changed and Period has passed
// since the last one.
type SavePoint struct {
	Period  time.Duration // whole seconds
	Changes int64
}

// Save is the key save.
type Save struct{ v atomic.Pointer[[]SavePoint] }

// Save declares the key of that name with Redis's default points.
func (r *Registry) Save(opts ...Option) *Save {
	s := new(Save)
	s.v.Store(&[]SavePoint{{time.Hour, 1}, {5 * time.Minute, 100}, {time.Minute, 10000}})
	r.declare("save", s, append(opts, MultiArg()))
	return s
}

// Get returns the points, empty for none: one atomic load. They must not be
// changed.
func (s *Save) Get() []SavePoint { return *s.v.Load() }

func (s *Save) load() any { return s.Get() }

func (s *Save) store(v any) error {
	points := v.([]SavePoint)
	s.v.Store(&points)
	return nil
}

var errSave = errors.New("Invalid save parameters")

func (s *Save) parse(args []string) (any, error) {
	if len(args) == 1 { // older files quote the whole list
		args = strings.Split(args[0], " ")
	}
	if len(args)%2 != 0 {
		return nil, errSave
	}
	points := make([]SavePoint, 0, len(args)/2)
	for ; len(args) > 0; args = args[2:] {
		seconds, err1 := strconv.ParseInt(args[0], 10, 32)
		changes, err2 := strconv.ParseInt(args[1], 10, 32)
		if err1 != nil || err2 != nil || seconds < 1 || changes < 0 {
			return nil, errSave
		}
		points = append(points, SavePoint{time.Duration(seconds) * time.Second, changes})
	}
	return points, nil
}

// add: the save lines of a file add up, and an empty one starts over.
func (s *Save) add(v any) any {
	more := v.([]SavePoint)
	if len(more) == 0 {
		return more
	}
	return append(append([]SavePoint(nil), s.Get()...), more...)
}

func (s *Save) reset() string { return `""` }

func (s *Save) format(v any) string {
	var words []string
	for _, p := range v.([]SavePoint) {
		words = append(words, p.String())
	}
	return strings.Join(words, " ")
}

// String is the point as a save line has it.
func (p SavePoint) String() string {
	return fmt.Sprintf("%d %d", int64(p.Period/time.Second), p.Changes)
}

func (s *Save) lines() []string {
	points := s.Get()
	if len(points) == 0 {
		return []string{s.reset()}
	}
	var out []string
	for _, p := range points {
		out = append(out, p.String())
	}
	return out
}

func (s *Save) kind() (string, string) { return "save points", "seconds changes ..., or nothing" }
