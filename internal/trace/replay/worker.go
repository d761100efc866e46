package replay

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/curfewkv/curfew/internal/trace"
)

// request is a trace.Request made ready to be sent.
type request struct {
	key  string
	op   trace.Op
	size int
	ttl  time.Duration
}

// batch is what one pipeline carries: no key twice, so that the order of replies cannot matter.
type batch struct {
	requests []request
	keys     map[string]struct{}
}

func (b *batch) reset() {
	b.requests = b.requests[:0]
	clear(b.keys)
}

// worker sends the requests of its share of the keys. The dealer's goroutine owns filling; run's goroutine owns count
// until it has returned.
type worker struct {
	client  *redis.Client
	values  values
	limit   int // requests per batch
	filling *batch
	full    chan *batch // dealer to worker; closed by the dealer
	empty   chan *batch // worker to dealer
	count   counts
}

// counts is what workers add up.
type counts struct {
	gets, hits, sets, deletes, refused int64
}

func newWorker(client *redis.Client, v values, limit int) *worker {
	w := &worker{
		client: client, values: v, limit: limit,
		full: make(chan *batch, batchesPerWorker), empty: make(chan *batch, batchesPerWorker),
	}
	for range batchesPerWorker {
		w.empty <- &batch{keys: make(map[string]struct{})}
	}
	w.filling = <-w.empty
	return w
}

// add appends a request to the batch being filled, sending that batch first if it already has the key.
func (w *worker) add(ctx context.Context, r *trace.Request, size int, ttl time.Duration) error {
	if _, twice := w.filling.keys[string(r.Key)]; twice {
		if err := w.flush(ctx); err != nil {
			return err
		}
	}
	key := string(r.Key)
	w.filling.keys[key] = struct{}{}
	if r.KeySize > len(key) {
		key += strings.Repeat(".", r.KeySize-len(key)) // memory is to be what it was in the recorded system
	}
	w.filling.requests = append(w.filling.requests, request{key: key, op: r.Op, size: size, ttl: ttl})
	if len(w.filling.requests) >= w.limit {
		return w.flush(ctx)
	}
	return nil
}

// flush hands the batch being filled to the worker.
func (w *worker) flush(ctx context.Context) error {
	if len(w.filling.requests) == 0 {
		return nil
	}
	select {
	case w.full <- w.filling:
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case w.filling = <-w.empty:
	case <-ctx.Done():
		return ctx.Err()
	}
	return nil
}

// run sends batches until the dealer closes full.
func (w *worker) run(ctx context.Context) error {
	for b := range w.full {
		if err := w.send(ctx, b); err != nil {
			return err
		}
		b.reset()
		w.empty <- b
	}
	return nil
}

// send carries out one batch, then stores what its reads missed.
func (w *worker) send(ctx context.Context, b *batch) error {
	pipe := w.client.Pipeline()
	for i := range b.requests {
		switch r := &b.requests[i]; r.op {
		case trace.Get:
			pipe.Get(ctx, r.key)
		case trace.Set:
			pipe.Set(ctx, r.key, []byte(w.values[:r.size]), r.ttl)
		case trace.Delete:
			pipe.Del(ctx, r.key)
		}
	}
	replies, err := execute(ctx, pipe)
	if err != nil {
		return err
	}
	fill := w.client.Pipeline()
	for i, reply := range replies {
		switch r := &b.requests[i]; r.op {
		case trace.Get:
			w.count.gets++
			switch err := reply.Err(); {
			case err == nil:
				w.count.hits++
			case errors.Is(err, redis.Nil):
				fill.Set(ctx, r.key, []byte(w.values[:r.size]), r.ttl)
			default:
				return fmt.Errorf("GET: %w", err)
			}
		case trace.Set:
			if err := w.stored(reply); err != nil {
				return err
			}
		case trace.Delete:
			if err := reply.Err(); err != nil {
				return fmt.Errorf("DEL: %w", err)
			}
			w.count.deletes++
		}
	}
	if fill.Len() == 0 {
		return nil
	}
	if replies, err = execute(ctx, fill); err != nil {
		return err
	}
	for _, reply := range replies {
		if err := w.stored(reply); err != nil {
			return err
		}
	}
	return nil
}

// stored counts the reply to a SET. A server without room refuses writes: that is a result, not a failure.
func (w *worker) stored(reply redis.Cmder) error {
	err := reply.Err()
	switch {
	case err == nil:
		w.count.sets++
	case strings.HasPrefix(err.Error(), "OOM "):
		w.count.refused++
	default:
		return fmt.Errorf("SET: %w", err)
	}
	return nil
}

// execute sends a pipeline. Error replies stay with their commands; only a broken connection is an error here.
func execute(ctx context.Context, pipe redis.Pipeliner) ([]redis.Cmder, error) {
	replies, err := pipe.Exec(ctx)
	if _, reply := errors.AsType[redis.Error](err); err != nil && !reply {
		return nil, fmt.Errorf("pipeline: %w", err)
	}
	return replies, nil
}
