package config

import (
	"slices"
	"strings"
)

// Origin is where a CONFIG SET comes from, for enable-protected-configs local.
type Origin uint8

const (
	Remote Origin = iota
	Local         // over the loopback interface or a Unix socket
)

// Set executes CONFIG SET for a remote client: all pairs of name and value take
// effect, or none does. The error is the reply. Neither slice is kept.
func (r *Registry) Set(pairs ...[2][]byte) error { return r.SetFrom(Remote, pairs...) }

// SetFrom is Set for a client of the given origin.
func (r *Registry) SetFrom(from Origin, pairs ...[2][]byte) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	changes, err := r.resolve(from, pairs)
	if err != nil {
		return err
	}
	for i := range changes {
		c := &changes[i]
		if c.new, err = c.e.parse(c.e.split(c.text)); err != nil {
			return errSet(c.name, err)
		}
		c.old = c.e.value.load()
	}
	// What is set to the value it has runs no hooks, as in Redis.
	changes = slices.DeleteFunc(changes, func(c change) bool {
		return !c.e.volatile && c.e.value.format(c.old) == c.e.value.format(c.new)
	})
	if failed, err := runHooks(changes); err != nil {
		return errSet(failed, err)
	}
	if failed, err := commit(changes); err != nil {
		return errSet(failed, err)
	}
	return nil
}

// change is one pair of a CONFIG SET.
type change struct {
	e        *entry
	name     string // as typed, in lower case
	text     string
	old, new any
}

// resolve finds the keys. The first pair that may not be set decides the error.
func (r *Registry) resolve(from Origin, pairs [][2][]byte) ([]change, error) {
	changes := make([]change, 0, len(pairs))
	for _, p := range pairs {
		typed := string(p[0])
		e := r.lookup(typed)
		switch {
		case e == nil:
			return nil, errUnknown(typed)
		case e.immutable:
			return nil, errSet(typed, errImmutable)
		case e.protected && !r.allowProtected(from):
			return nil, errSet(typed, errProtected)
		}
		for _, c := range changes {
			if c.e == e {
				return nil, errSet(typed, errDuplicate)
			}
		}
		changes = append(changes, change{e: e, name: strings.ToLower(typed), text: string(p[1])})
	}
	return changes, nil
}

func (r *Registry) allowProtected(from Origin) bool {
	e := r.byName["enable-protected-configs"]
	if e == nil {
		return false
	}
	switch e.text() {
	case "yes":
		return true
	case "local":
		return from == Local
	}
	return false
}

// runHooks runs every OnSet with the values still as they were. When one
// refuses, those that had agreed are run with old and new exchanged.
func runHooks(changes []change) (failed string, err error) {
	type done struct {
		c *change
		h hook
	}
	var ran []done
	for i := range changes {
		c := &changes[i]
		for _, h := range c.e.hooks {
			if h.run == nil {
				continue
			}
			if err := h.run(c.e, c.old, c.new); err != nil {
				for _, d := range slices.Backward(ran) {
					_ = d.h.run(d.c.e, d.c.new, d.c.old) // the first error is the one to report
				}
				return c.name, err
			}
			ran = append(ran, done{c, h})
		}
	}
	return "", nil
}

// commit makes the new values visible and applies them. Custom keys go first:
// only they can still refuse, and then no typed value has been seen.
func commit(changes []change) (failed string, err error) {
	stored := 0
	slices.SortStableFunc(changes, func(a, b change) int { return rank(a) - rank(b) })
	for ; stored < len(changes); stored++ {
		c := &changes[stored]
		if err := c.e.value.store(c.new); err != nil {
			takeBack(changes, stored)
			return c.name, err
		}
	}
	applied := make([]*Apply, 0, len(changes))
	for _, c := range changes {
		for _, a := range c.e.apply {
			if slices.Contains(applied, a) {
				continue
			}
			applied = append(applied, a)
			if err := a.Run(); err != nil {
				takeBack(changes, len(changes))
				for _, a := range applied {
					_ = a.Run() // back to the values that it has applied before
				}
				return c.name, err
			}
		}
	}
	return "", nil
}

func rank(c change) int {
	if _, isCustom := c.e.value.(*custom); isCustom {
		return 0
	}
	return 1
}

// takeBack restores the first n values, and tells every OnSet hook.
func takeBack(changes []change, n int) {
	for _, c := range slices.Backward(changes[:n]) {
		_ = c.e.value.store(c.old) // it was a valid value before
	}
	for _, c := range slices.Backward(changes) {
		for _, h := range slices.Backward(c.e.hooks) {
			if h.run != nil {
				_ = h.run(c.e, c.new, c.old)
			}
		}
	}
}
