package replay

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// Target is a server to replay against.
type Target struct {
	Client *redis.Client
	Name   string // server and version
	saved  map[string]string
}

// Connect opens a client with a connection per worker, and one for sampling, to the server at addr.
func Connect(ctx context.Context, addr string, opt Options) (*Target, error) {
	client := redis.NewClient(&redis.Options{
		Addr: addr, Protocol: 2, DisableIdentity: true,
		PoolSize: opt.Concurrency + 1, MinIdleConns: opt.Concurrency + 1,
		ReadTimeout: 30 * time.Second, WriteTimeout: 30 * time.Second,
		MaxRetries: -1, // a retried SET would count twice
		// Managed services announce maintenance to clients that ask; other servers log the question as an error.
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	})
	text, err := client.Info(ctx, "server").Result()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("connect to %s: %w", addr, err), client.Close())
	}
	return &Target{Client: client, Name: serverName(text), saved: make(map[string]string)}, nil
}

// serverName picks the server's name and version from INFO: others announce a Redis version beside their own.
func serverName(text string) string {
	redisVersion := ""
	for line := range strings.Lines(text) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		if own, ok := strings.CutSuffix(name, "_version"); ok && own != "redis" && own != "gcc" && own != "monotonic_clock" {
			return own + " " + value
		}
		if name == "redis_version" {
			redisVersion = value
		}
	}
	return "redis " + redisVersion
}

// Configure sets a configuration key until Close. An empty value leaves the server's own.
func (t *Target) Configure(ctx context.Context, key, value string) error {
	if value == "" {
		return nil
	}
	if _, ok := t.saved[key]; !ok {
		old, err := t.Client.ConfigGet(ctx, key).Result()
		if err != nil {
			return fmt.Errorf("CONFIG GET %s: %w", key, err)
		}
		t.saved[key] = old[key]
	}
	if err := t.Client.ConfigSet(ctx, key, value).Err(); err != nil {
		return fmt.Errorf("CONFIG SET %s %s: %w", key, value, err)
	}
	return nil
}

// Policy returns the eviction policy in force.
func (t *Target) Policy(ctx context.Context) string {
	return t.Client.ConfigGet(ctx, "maxmemory-policy").Val()["maxmemory-policy"]
}

// Flush removes every key of every database.
func (t *Target) Flush(ctx context.Context) error {
	if err := t.Client.FlushAll(ctx).Err(); err != nil {
		return fmt.Errorf("FLUSHALL: %w", err)
	}
	return nil
}

// Close gives the server back its own configuration and disconnects.
func (t *Target) Close(ctx context.Context) error {
	var err error
	for key, value := range t.saved {
		if e := t.Client.ConfigSet(ctx, key, value).Err(); e != nil {
			err = errors.Join(err, fmt.Errorf("restore %s: %w", key, e))
		}
	}
	return errors.Join(err, t.Client.Close())
}
