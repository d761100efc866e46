package lifetime

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"runtime/debug"
	"time"
)

// A flight is one attempt of this process to get a value that is not in the cache. All callers who miss the key
// meanwhile wait for it.
type flight struct {
	done    chan struct{}
	landing // REQUIRES: done is closed
}

// landing is how a flight, or a load, ended.
type landing struct {
	payload []byte
	nothing bool // there is none
	err     error
	loaded  bool // by this process, not by another one
	bypass  bool // without the cache
	refused bool // loaded, but not stored: the lease was gone
	paused  bool // not loaded, because a load failed a moment ago
}

// join waits for the flight of a key, which it starts if there is none.
func (c *Cache) join(ctx context.Context, r *request, w wish, direct bool) (l landing, joined bool, err error) {
	c.mu.Lock()
	f, joined := c.mu.flights[r.key]
	if !joined {
		if c.mu.closed {
			c.mu.Unlock()
			return landing{}, false, ErrCacheClosed
		}
		f = &flight{done: make(chan struct{})}
		c.mu.flights[r.key] = f
		c.work.Go(func() { c.fly(ctx, f, r, w, direct) })
	}
	c.mu.Unlock()
	select {
	case <-f.done:
		return f.landing, joined, nil
	case <-ctx.Done():
		return landing{}, joined, ctx.Err()
	}
}

// forget makes callers that come from now on start a flight of their own.
func (c *Cache) forget(keys []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, key := range keys {
		delete(c.mu.flights, key)
	}
}

// detached returns a context that has ctx's values and ends with the cache.
func (c *Cache) detached(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	stop := context.AfterFunc(c.closing, func() { cancel(ErrCacheClosed) })
	return ctx, func() { stop(); cancel(nil) }
}

func (c *Cache) fly(ctx context.Context, f *flight, r *request, w wish, direct bool) {
	ctx, end := c.detached(ctx)
	defer end()
	defer close(f.done)
	defer func() {
		c.mu.Lock()
		if c.mu.flights[r.key] == f {
			delete(c.mu.flights, r.key)
		}
		c.mu.Unlock()
	}()
	if !direct {
		w.token = rand.Text()
		g, err := c.await(ctx, w)
		switch {
		case errors.Is(err, errWaitedLong):
			c.report(r.key, fmt.Errorf("load %q without the cache: %w", r.key, err))
		case err != nil && (c.options.FailClosed || ctx.Err() != nil):
			f.landing = landing{err: err}
			return
		case err != nil:
			c.report(r.key, err)
		case g.state == leaseChanged:
			e, _ := open(g.value) // await has opened it
			f.landing = landing{payload: e.payload, nothing: e.nothing}
			return
		case g.state == leasePaused:
			f.landing = landing{paused: true}
			return
		case g.state == leaseTaken:
			f.landing = c.loadAndStore(ctx, r, w.token)
			return
		}
	}
	f.landing = c.load(ctx, r, "")
	f.landing.bypass = true
}

var errWaitedLong = errors.New("others held the lease for too long")

// Looks at somebody else's lease are this far apart, at first and at most. There is one looker per process and key.
const pollShortest, pollLongest = 2 * time.Millisecond, 100 * time.Millisecond

// await takes the lease, or waits until whoever has it has stored a value or is gone.
func (c *Cache) await(ctx context.Context, w wish) (grant, error) {
	limit := time.NewTimer(c.options.WaitLimit)
	defer limit.Stop()
	pauses := backoff{next: pollShortest, longest: pollLongest}
	for {
		g, err := c.leases.take(ctx, w)
		c.note(ctx, err)
		if err != nil {
			return g, err
		}
		if g.state == leaseChanged {
			if _, err := open(g.value); err == nil {
				return g, nil
			}
			w.seen = headOf(g.value) // damaged, and not the damage that the caller had seen
		} else if g.state != leaseHeld {
			return g, nil
		}
		select {
		case <-time.After(pauses.pause(g.left)):
		case <-limit.C:
			return g, errWaitedLong
		case <-ctx.Done():
			return g, context.Cause(ctx)
		}
	}
}

// refresh loads a value again in the background, if nobody else is doing that; it reports whether it tries.
func (c *Cache) refresh(ctx context.Context, r *request, seen string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.mu.closed || c.mu.refreshes[r.key] {
		return false
	}
	c.mu.refreshes[r.key] = true
	c.work.Go(func() {
		ctx, end := c.detached(ctx)
		defer end()
		defer func() {
			c.mu.Lock()
			delete(c.mu.refreshes, r.key)
			c.mu.Unlock()
		}()
		w := wish{key: r.key, token: rand.Text(), seen: seen, stale: true}
		g, err := c.leases.take(ctx, w)
		c.note(ctx, err)
		if err == nil && g.state == leaseTaken {
			err = c.loadAndStore(ctx, r, w.token).err
		}
		if err != nil {
			c.report(r.key, fmt.Errorf("refresh: %w", err))
		}
	})
	return true
}

// tidyLimit bounds what is still said to the server when a load ends because the cache is closed.
const tidyLimit = 5 * time.Second

// loadAndStore loads a value and stores it with the lease, which it gives back in any case.
func (c *Cache) loadAndStore(ctx context.Context, r *request, token string) landing {
	began := c.now()
	l := c.load(ctx, r, token)
	e := envelope{cost: c.now() - began, nothing: l.nothing, payload: l.payload}
	tidy, cancel := context.WithTimeout(context.WithoutCancel(ctx), tidyLimit)
	defer cancel()
	if l.err != nil {
		pause := c.options.RetryPause
		if ctx.Err() != nil {
			pause = 0
		}
		if err := c.leases.abandon(tidy, r.key, token, pause); err != nil {
			c.report(r.key, err)
		}
		return l
	}
	ttl := c.options.NegativeTTL
	if !e.nothing {
		e.revalidate, e.onError = c.options.StaleWhileRevalidate, c.options.StaleIfError
		ttl = c.options.Jitter.TTL(r.ttl, r.key) + e.revalidate + e.onError
	}
	stored, err := c.leases.commit(tidy, r.key, token, e.seal(), ttl)
	c.note(tidy, err)
	if err != nil {
		c.report(r.key, err)
		return l
	}
	l.refused = !stored
	return l
}

// load runs the caller's function, and renews the lease meanwhile if there is one.
func (c *Cache) load(ctx context.Context, r *request, token string) landing {
	ctx, end := c.options.Telemetry.span(ctx, "lifetime.Fetch.load")
	began := c.now()
	l := landing{loaded: true}
	l.payload, l.err = c.run(ctx, r, token)
	c.options.Telemetry.observe(fetchLoadSeconds, (c.now() - began).Seconds())
	if errors.Is(l.err, ErrNotFound) {
		l.nothing, l.err = true, nil
	} else if l.err != nil {
		l.err = fmt.Errorf("load: %w", l.err)
	}
	end(l.err)
	return l
}

func (c *Cache) run(ctx context.Context, r *request, token string) ([]byte, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, c.options.LoadTimeout, ErrLoadTimeout)
	defer cancel()
	type result struct {
		payload []byte
		err     error
	}
	results := make(chan result, 1)
	c.work.Go(func() {
		res := result{err: errors.New("it ended its goroutine")}
		defer func() { results <- res }()
		defer func() {
			if p := recover(); p != nil {
				res = result{err: fmt.Errorf("panic: %v\n%s", p, debug.Stack())}
			}
		}()
		payload, err := r.load(ctx)
		res = result{payload, err}
	})
	renewal := time.NewTicker(c.options.LeaseTTL / 3)
	defer renewal.Stop()
	renewed := make(chan bool, 1)
	held, renewing := token != "", false
	for {
		select {
		case res := <-results:
			return res.payload, res.err
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-renewal.C:
			if !held || renewing {
				continue
			}
			renewing = true
			// On a goroutine of its own: a server that hangs must not hold back what the load returns.
			c.work.Go(func() {
				kept, err := c.leases.renew(ctx, r.key, token)
				renewed <- kept || err != nil // one that fails is tried again; the lease outlasts three of them
			})
		case held = <-renewed:
			renewing = false
		}
	}
}
