package fix

import (
	"context"

	"github.com/redis/go-redis/v9"

	"github.com/curfewkv/curfew/internal/toolkit/sweep"
)

// set sends one pipeline, and another one when the server turns out to lack the method.
func (f *fixer) set(ctx context.Context, c redis.UniversalClient, srv *server, items []*item) ([]sweep.Left[*item], error) {
	method := srv.present()
	if method == Race {
		return f.race(ctx, c, items)
	}
	cmds := make([]*redis.Cmd, len(items))
	// What the pipeline returns is the first error of its commands.
	_, _ = c.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		for i, it := range items {
			cmds[i] = method.set(ctx, pipe, it)
		}
		return nil
	})
	var left []sweep.Left[*item]
	for i, it := range items {
		answer, err := cmds[i].Int64()
		switch {
		case method.without(err):
			if err := srv.refused(method, f.options.AllowRace, f.options.Method == Auto, err); err != nil {
				return nil, err
			}
			return f.set(ctx, c, srv, items)
		case err != nil:
			left = append(left, sweep.Left[*item]{Item: it, Err: err})
		case answer == 1:
			it.outcome = changed
		case answer == -2:
			it.outcome = gone
		default:
			it.outcome = declined
		}
	}
	return left, nil
}

// race looks first and sets then, in two steps.
func (f *fixer) race(ctx context.Context, c redis.UniversalClient, items []*item) ([]sweep.Left[*item], error) {
	ttls := make([]*redis.Cmd, len(items))
	_, _ = c.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		for i, it := range items {
			ttls[i] = pipe.Do(ctx, "PTTL", it.key)
		}
		return nil
	})
	sets := make([]*redis.Cmd, len(items))
	var left []sweep.Left[*item]
	_, _ = c.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		for i, it := range items {
			ttl, err := ttls[i].Int64()
			switch {
			case err != nil:
				left = append(left, sweep.Left[*item]{Item: it, Err: err})
			case ttl == -1:
				sets[i] = Race.set(ctx, pipe, it)
			default:
				it.outcome = declined
			}
		}
		return nil
	})
	for i, it := range items {
		if sets[i] == nil {
			continue
		}
		answer, err := sets[i].Int64()
		switch {
		case err != nil:
			left = append(left, sweep.Left[*item]{Item: it, Err: err})
		case answer == 1:
			it.outcome = changed
		default:
			it.outcome = gone
		}
	}
	return left, nil
}
