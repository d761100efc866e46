package audit

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/curfewkv/curfew/internal/toolkit/connect"
	"github.com/curfewkv/curfew/internal/toolkit/output"
	"github.com/curfewkv/curfew/internal/toolkit/statefile"
	"github.com/curfewkv/curfew/internal/toolkit/walk"
)

// saveEvery is how much work a crash can cost.
const saveEvery = 30 * time.Second

// exact looks at every key. What is counted and how far each keyspace was walked change together, so that a state that is
// saved at any moment fits. A key that SCAN brings twice, as it may while the server's table grows or shrinks, counts twice:
// to remember all keys would take as much memory as they do.
type exact struct {
	options  Options
	progress *output.Progress

	mu    sync.Mutex
	tree  *tree
	state *state
	saved time.Time
}

func newExact(o Options, spaces []connect.Keyspace) (*exact, error) {
	tree, err := newTree(o)
	if err != nil {
		return nil, err
	}
	e := &exact{options: o, tree: tree, saved: time.Now()}
	if e.state, err = loadState(o); err != nil {
		return nil, err
	}
	if e.state == nil {
		e.state = &state{
			Version: stateVersion, Prefixes: o.Prefixes, Separators: o.Separators, Rows: o.Rows, Asked: o.Asked,
			Cursors: map[string]cursor{},
		}
		return e, e.save() // that it cannot be saved is better known before hours of work
	}
	known := map[string]bool{}
	for _, k := range spaces {
		known[k.ID()] = true
	}
	for id := range e.state.Cursors {
		if !known[id] {
			return nil, fmt.Errorf("--resume %s: %s was restarted, or is not among the servers any more, so its cursor says nothing: remove the file to begin anew", o.Resume, id)
		}
	}
	if err := tree.counter.Load(e.state.Tree); err != nil {
		return nil, fmt.Errorf("--resume %s: %w", o.Resume, err)
	}
	tree.looked = e.state.Looked
	copy(tree.groups, e.state.Groups)
	return e, nil
}

// walk looks at every key of a keyspace, from where it was left.
func (e *exact) walk(ctx context.Context, k connect.Keyspace, d *details, pace *walk.Pace) error {
	e.mu.Lock()
	at := e.state.Cursors[k.ID()]
	e.mu.Unlock()
	e.progress.Add(int(at.Looked))
	if at.Done {
		return nil
	}
	scanner := walk.NewScanner(k, walk.Options{Cursor: at.At, Pace: pace})
	for {
		keys, err := scanner.Next(ctx)
		if errors.Is(err, io.EOF) {
			// A client reconnects to a restarted server without a word, and an old cursor skips keys there.
			if !k.Node.Same(ctx) {
				return errors.New("the server was restarted or replaced meanwhile, and keys of it were missed: begin anew")
			}
			return nil
		}
		if err != nil {
			return err
		}
		records, err := d.read(ctx, keys)
		if err != nil {
			return err
		}
		if err := e.add(k.ID(), scanner, records, len(keys)); err != nil {
			return err
		}
		e.progress.Add(len(keys))
	}
}

func (e *exact) add(id string, scanner *walk.Scanner, records []Record, keys int) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	for i := range records {
		e.tree.add(&records[i])
	}
	at := e.state.Cursors[id]
	at.Looked += int64(len(records))
	at.At, at.Done = scanner.Cursor()
	e.state.Cursors[id] = at
	e.state.Vanished += int64(keys - len(records))
	if time.Since(e.saved) < saveEvery {
		return nil
	}
	return e.saveLocked()
}

// save keeps what was done for the next time.
func (e *exact) save() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.saveLocked()
}

func (e *exact) saveLocked() error {
	if e.options.Resume == "" {
		return nil
	}
	e.state.Saved = time.Now()
	e.state.Tree, e.state.Groups, e.state.Looked = e.tree.counter.Save(), e.tree.groups, e.tree.looked
	e.saved = time.Now()
	if err := statefile.Write(e.options.Resume, e.state); err != nil {
		return fmt.Errorf("--resume: %w", err)
	}
	return nil
}

// forget removes the state of an audit that is complete.
func (e *exact) forget() error {
	if e.options.Resume == "" {
		return nil
	}
	if err := os.Remove(e.options.Resume); err != nil && !os.IsNotExist(err) {
		return fmt.Errorf("--resume: %w", err)
	}
	return nil
}
