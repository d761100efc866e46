package lifetime

import (
	"context"
	"errors"

	"github.com/redis/go-redis/v9"
)

// What scripts do is done by optimistic transactions on servers without scripts. They are as strong, in three or four
// round trips on a connection of their own.

// txAttempts bounds how often a transaction is tried that others' writes have aborted. Each abort means that somebody
// else has got through.
const txAttempts = 20

// watched runs a transaction on watched keys until it is not aborted by others' writes.
func watched(ctx context.Context, client redis.UniversalClient, run func(*redis.Tx) error, keys ...string) error {
	var err error
	for range txAttempts {
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
