package walk

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"

	"github.com/redis/go-redis/v9"

	"github.com/curfewkv/curfew/internal/toolkit/connect"
)

// neighbours is how many keys are taken from one random place of the hash table, where RANDOMKEY is refused.
const neighbours = 10

// A Drawer brings keys of a keyspace at random, and leaves no wake for the expire cycle as a walk does. It is for one
// goroutine.
//
// RANDOMKEY takes one of 15 neighbours of a random place of the hash table: how likely a key is to be drawn depends on where its
// name's hash has put it, which has nothing to do with its prefix, size or TTL.
//
// Where RANDOMKEY is refused it is SCAN at random cursors. Neighbours by their hash are as good as drawn one by one. Redis and
// Valkey take any number as a cursor; what others make of it shows in how many keys come.
type Drawer struct {
	client *redis.Client
	byScan bool
}

// NewDrawer begins with RANDOMKEY.
func NewDrawer(k connect.Keyspace) *Drawer { return &Drawer{client: k.Client} }

// ByScan reports whether RANDOMKEY was refused.
func (d *Drawer) ByScan() bool { return d.byScan }

// Draw brings about n keys in one round trip; the same key may come again, and none comes from an empty keyspace.
func (d *Drawer) Draw(ctx context.Context, n int) ([]string, error) {
	if !d.byScan {
		keys, err := d.random(ctx, n)
		if !connect.Refused(err) {
			return keys, err
		}
		d.byScan = true
	}
	return d.scan(ctx, n)
}

func (d *Drawer) random(ctx context.Context, n int) ([]string, error) {
	draws := make([]*redis.StringCmd, n)
	_, err := d.client.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		for i := range draws {
			draws[i] = pipe.RandomKey(ctx)
		}
		return nil
	})
	if err != nil && !errors.Is(err, redis.Nil) {
		return nil, fmt.Errorf("RANDOMKEY: %w", err)
	}
	keys := make([]string, 0, n)
	for _, draw := range draws {
		switch key, err := draw.Result(); {
		case err == nil:
			keys = append(keys, key)
		case !errors.Is(err, redis.Nil):
			return nil, fmt.Errorf("RANDOMKEY: %w", err)
		}
	}
	return keys, nil
}

func (d *Drawer) scan(ctx context.Context, n int) ([]string, error) {
	pages := make([]*redis.ScanCmd, max(1, (n+neighbours-1)/neighbours))
	if _, err := d.client.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		for i := range pages {
			pages[i] = pipe.Scan(ctx, rand.Uint64()>>1, "", neighbours)
		}
		return nil
	}); err != nil {
		return nil, fmt.Errorf("SCAN at a random cursor: %w", err)
	}
	var keys []string
	for _, page := range pages {
		part, _ := page.Val()
		keys = append(keys, part...)
	}
	return keys, nil
}
