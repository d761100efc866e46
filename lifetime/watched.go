package lifetime

import (
	"context"
	"errors"

	"github.com/redis/go-redis/v9"
)

// What scripts do is done by optimistic transactions on servers without scripts. They are as strong, in three or four
// round trips on a connection of their own.

// Bounds of how often a transaction is tried that others' writes have aborted. Each abort means that somebody else has
// got through, so the bound is how many may get through before.
const (
	fewTries  = 20 // for callers that wait and ask again, or have another answer
	manyTries = 100
)

// watched runs a transaction on watched keys until it is not aborted by others' writes; redis.TxFailedErr when it was
// each time.
func watched(ctx context.Context, client redis.UniversalClient, tries int, run func(*redis.Tx) error, keys ...string) error {
	var err error
	for range tries {
		if err = client.Watch(ctx, run, keys...); !errors.Is(err, redis.TxFailedErr) {
			return err
		}
	}
	return err
}

// none: a key that is not there is no error to a transaction that reads.
func none(err error) error {
	if errors.Is(err, redis.Nil) {
		return nil
	}
	return err
}
