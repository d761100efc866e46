package audit

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/curfewkv/curfew/internal/toolkit/connect"
	"github.com/curfewkv/curfew/internal/toolkit/walk"
)

// detailBatch keys are asked about in one pipeline: four cheap commands each, of about 16 KB together, which is what Redis
// takes from one connection before it serves the others.
const detailBatch = 100

// columns are the figures that servers tell; one that a server refuses is given up for all. The methods may be called at
// the same time.
type columns struct {
	mu     sync.Mutex
	off    map[string]bool
	notes  []string
	memory bool // was told by some server
	idle   bool
	freq   bool
}

func (c *columns) isOff(name string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.off[name]
}

func (c *columns) turnOff(name, note string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.off == nil {
		c.off = map[string]bool{}
	}
	if !c.off[name] {
		c.off[name] = true
		c.notes = append(c.notes, note)
	}
}

func (c *columns) told(r *Record) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.memory = c.memory || r.Bytes >= 0
	c.idle = c.idle || r.Idle >= 0
	c.freq = c.freq || r.Freq >= 0
}

// Names of columns.
const (
	columnType   = "TYPE"
	columnMemory = "MEMORY USAGE"
	columnIdle   = "OBJECT IDLETIME"
	columnFreq   = "OBJECT FREQ"
)

// details asks one node about keys. None of its commands makes a key look used.
type details struct {
	client   *redis.Client
	routed   redis.UniversalClient // nil unless in a Cluster: finds keys that are being moved
	columns  *columns
	pace     *walk.Pace
	elements int
}

// read returns what is known of the keys; those that are gone are left out.
func (d *details) read(ctx context.Context, keys []string) ([]Record, error) {
	records := make([]Record, 0, len(keys))
	for len(keys) > 0 {
		n := min(detailBatch, len(keys))
		if err := d.pace.Wait(ctx, 0); err != nil {
			return records, err
		}
		begin := time.Now()
		batch, moved, err := d.ask(ctx, d.client, keys[:n])
		if err != nil {
			return records, err
		}
		if n == detailBatch {
			d.pace.Took(time.Since(begin))
		}
		if len(moved) > 0 && d.routed != nil {
			// A slot is being moved: this node lists keys that it has got already, but is not yet asked for.
			found, _, err := d.ask(ctx, d.routed, moved)
			if err != nil {
				return records, err
			}
			batch = append(batch, found...)
		}
		records = append(records, batch...)
		keys = keys[n:]
	}
	return records, nil
}

// question is the commands about one key; nil ones are not asked.
type question struct{ ttl, kind, memory, idle, freq *redis.Cmd }

// pipeliner is what both kinds of clients have.
type pipeliner interface{ Pipeline() redis.Pipeliner }

func (d *details) ask(ctx context.Context, client pipeliner, keys []string) (found []Record, moved []string, err error) {
	pipe := client.Pipeline()
	questions := make([]question, len(keys))
	kind, memory, idle := !d.columns.isOff(columnType), !d.columns.isOff(columnMemory), !d.columns.isOff(columnIdle)
	freq := !idle && !d.columns.isOff(columnFreq)
	elements := strconv.Itoa(d.elements)
	for i, key := range keys {
		q := &questions[i]
		q.ttl = pipe.Do(ctx, "PTTL", key)
		if kind {
			q.kind = pipe.Do(ctx, "TYPE", key)
		}
		if memory {
			q.memory = pipe.Do(ctx, "MEMORY", "USAGE", key, "SAMPLES", elements)
		}
		if idle {
			q.idle = pipe.Do(ctx, "OBJECT", "IDLETIME", key)
		}
		if freq {
			q.freq = pipe.Do(ctx, "OBJECT", "FREQ", key)
		}
	}
	if _, err := pipe.Exec(ctx); err != nil && !isReply(err) {
		return nil, nil, fmt.Errorf("asking about %d keys: %w", len(keys), err)
	}
	for i, key := range keys {
		r, err := d.answer(key, &questions[i])
		switch {
		case connect.Moved(err):
			moved = append(moved, key)
		case err != nil:
			return nil, nil, err
		case r != nil:
			d.columns.told(r)
			found = append(found, *r)
		}
	}
	return found, moved, nil
}

// answer reads the answers about a key; nil: it is gone.
func (d *details) answer(key string, q *question) (*Record, error) {
	ttl, err := q.ttl.Int64()
	switch {
	case err != nil && connect.Refused(err):
		return nil, fmt.Errorf("PTTL is all that an audit cannot do without: %w", err)
	case err != nil:
		return nil, fmt.Errorf("PTTL: %w", err)
	case ttl == -2:
		return nil, nil
	}
	r := &Record{Key: key, TTL: NoTTL, Bytes: unknown, Idle: unknown, Freq: unknown}
	if ttl >= 0 {
		r.TTL = time.Duration(ttl) * time.Millisecond
	}
	if q.kind != nil {
		switch kind, err := q.kind.Text(); {
		case err != nil:
			if err := d.failed(columnType, err); err != nil {
				return nil, err
			}
		case kind == "none":
			return nil, nil
		default:
			r.Type = kind
		}
	}
	for _, column := range []struct {
		name string
		cmd  *redis.Cmd
		take func(int64)
	}{
		{columnMemory, q.memory, func(n int64) { r.Bytes = n }},
		{columnIdle, q.idle, func(n int64) { r.Idle = time.Duration(n) * time.Second }},
		{columnFreq, q.freq, func(n int64) { r.Freq = n }},
	} {
		if column.cmd == nil {
			continue
		}
		n, err := column.cmd.Int64()
		if err == nil {
			column.take(n)
			continue
		}
		if isGone(err) {
			return nil, nil
		}
		if err := d.failed(column.name, err); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// failed gives a column up, or returns the error when it is about the key or the server rather than the command.
func (d *details) failed(column string, err error) error {
	switch {
	case connect.Moved(err):
		return err
	case column == columnIdle && strings.Contains(err.Error(), "LFU"):
		d.columns.turnOff(column, "idle times are not kept under an LFU policy: how often keys are used is shown instead (OBJECT FREQ)")
	case column == columnFreq && d.columns.isOff(columnIdle):
		d.columns.turnOff(column, "neither idle times nor frequencies: "+err.Error())
	case !isReply(err):
		return fmt.Errorf("%s: %w", column, err)
	default:
		d.columns.turnOff(column, fmt.Sprintf("no %s column: %s", columnTitle[column], err))
	}
	return nil
}

var columnTitle = map[string]string{
	columnType: "type", columnMemory: "bytes", columnIdle: "idle time", columnFreq: "frequency",
}

// isReply tells errors that a server answers from those of the connection.
func isReply(err error) bool {
	var reply redis.Error
	return errors.As(err, &reply)
}

func isGone(err error) bool {
	return errors.Is(err, redis.Nil) || strings.Contains(err.Error(), "no such key")
}
