package sweep

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/curfewkv/curfew/internal/toolkit/connect"
)

// Transient reports whether an error passes when servers have been restarted, replaced or have handed a slot over.
func Transient(err error) bool {
	if err == nil {
		return false
	}
	var network net.Error
	if errors.As(err, &network) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, redis.ErrPoolTimeout) ||
		errors.Is(err, errReplaced) {
		return true
	}
	text := err.Error()
	// The last is the pool's, when all of the last connections failed.
	for _, sign := range []string{"MOVED ", "ASK ", "TRYAGAIN", "CLUSTERDOWN", "READONLY", "LOADING", "MASTERDOWN", "NOREPLICAS", "BUSY ", "UNBLOCKED",
		"connection refused", "connection reset", "broken pipe", "use of closed network connection"} {
		if strings.Contains(text, sign) {
			return true
		}
	}
	return false
}

// hopeless reports whether an error would meet every other key as well: it is about the command or the server, not the key.
func hopeless(err error) bool {
	text := err.Error()
	return strings.Contains(text, "no permissions to run") || strings.Contains(text, "unknown command") || strings.HasPrefix(text, "MISCONF")
}

const (
	firstWait = 50 * time.Millisecond
	maxWait   = 2 * time.Second
)

// wait waits longer each time. It reports false when ctx ends first.
func wait(ctx context.Context, attempt int) bool {
	timer := time.NewTimer(min(firstWait<<min(attempt, 10), maxWait))
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// Retry does something until it works, until its error is one that does not pass, or until nothing has worked for so long.
func Retry(ctx context.Context, limit time.Duration, do func() error) error {
	end := time.Now().Add(limit)
	for attempt := 0; ; attempt++ {
		err := do()
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil:
			return errors.Join(ctx.Err(), err)
		case !Transient(err), time.Now().After(end):
			return err
		}
		if !wait(ctx, attempt) {
			return errors.Join(ctx.Err(), err)
		}
	}
}

// Each sends something for every item: send does so by a client, takes note of items that are settled, and returns the others
// with the error of each. Those go to where Cluster has them now, until the time that nothing may work is over. What is left is
// returned.
//
// An error that says that the whole server is not what it was is returned as such: the sweep finds the new one. One that
// every key would meet ends the sweep.
func Each[T any](ctx context.Context, p *Place, items []T, send func(ctx context.Context, c redis.UniversalClient, items []T) ([]Left[T], error)) ([]Left[T], error) {
	left, err := send(ctx, p.Client, items)
	if err != nil {
		return nil, err
	}
	end := time.Now().Add(p.sweep.options.RetryFor)
	for attempt := 0; len(left) > 0; attempt++ {
		again := items[:0:0]
		var final []Left[T]
		for _, l := range left {
			switch {
			case connect.Moved(l.Err):
				again = append(again, l.Item)
			case Transient(l.Err):
				return nil, l.Err
			case hopeless(l.Err):
				return nil, fmt.Errorf("as with every key: %w", l.Err)
			default:
				final = append(final, l)
			}
		}
		if len(again) == 0 {
			return final, nil
		}
		if attempt > 0 && (time.Now().After(end) || !wait(ctx, attempt)) {
			return left, ctx.Err()
		}
		c, err := p.Elsewhere(ctx)
		if err != nil {
			return nil, err
		}
		retried, err := send(ctx, c, again)
		if err != nil {
			return nil, err
		}
		left = append(final, retried...)
	}
	return nil, nil
}

// Left is an item that is not settled, and why.
type Left[T any] struct {
	Item T
	Err  error
}
