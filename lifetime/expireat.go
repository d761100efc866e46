package lifetime

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
)

// ErrInPast says that an instant has passed already, by the clock that was asked. EXPIREAT with such an instant deletes
// the key at once, which is seldom meant: AllowPast says that it is.
var ErrInPast = errors.New("the instant has passed")

// An Expiration is an instant at which keys end.
//
// It is made of a time.Time, which knows its zone: a date without one, read on hosts in two zones, is two instants, and
// that cannot be written here. Redis keeps every deadline as milliseconds since 1970 by the server's clock, whether it
// came by EXPIRE or EXPIREAT, so a step of that clock moves both; what an instant adds is that this host's clock counts
// as well. WithMargin is for the difference between the two, and Anchor removes it.
type Expiration struct {
	at        time.Time
	margin    time.Duration
	allowPast bool
	now       func() time.Time
}

// An ExpireAtOption changes an Expiration.
type ExpireAtOption func(*Expiration)

// WithMargin ends keys by so much earlier, so that they are gone at the instant although the server's clock may be
// behind by that much. A negative margin keeps them longer.
func WithMargin(d time.Duration) ExpireAtOption { return func(e *Expiration) { e.margin = d } }

// AllowPast takes an instant that has passed as what it is to Redis: a deletion.
func AllowPast() ExpireAtOption { return func(e *Expiration) { e.allowPast = true } }

// WithClock judges by another clock than this host's what has passed: an Anchor's Now, for instance.
func WithClock(now func() time.Time) ExpireAtOption { return func(e *Expiration) { e.now = now } }

// ExpireAt returns the instant as an Expiration. What is below a millisecond is cut off, as a key should not be seen
// after its end.
func ExpireAt(at time.Time, options ...ExpireAtOption) Expiration {
	e := Expiration{at: at, now: time.Now}
	for _, option := range options {
		option(&e)
	}
	return e
}

// Instant is when keys end: the instant less the margin, in whole milliseconds, in UTC.
func (e Expiration) Instant() time.Time { return time.UnixMilli(e.at.Add(-e.margin).UnixMilli()).UTC() }

func (e Expiration) String() string { return e.Instant().Format("2006-01-02T15:04:05.000Z07:00") }

func (e Expiration) check(key string) error {
	if e.now == nil {
		return fmt.Errorf("key %q: an Expiration is made by ExpireAt", key)
	}
	if now := e.now(); !e.allowPast && !e.Instant().After(now) {
		return fmt.Errorf("key %q would end at %v, and it is %v: %w", key, e, now.UTC().Format(time.RFC3339Nano), ErrInPast)
	}
	return nil
}

// A Processor sends commands: every client of go-redis, a Conn and a Tx. In a Pipeliner, what the methods below return
// of the reply means nothing yet.
type Processor interface {
	Process(ctx context.Context, cmd redis.Cmder) error
}

// Expire sets the end of a key that exists, with PEXPIREAT; ok is false when there is none.
func (e Expiration) Expire(ctx context.Context, client Processor, key string) (ok bool, err error) {
	if err := e.check(key); err != nil {
		return false, err
	}
	cmd := redis.NewBoolCmd(ctx, "pexpireat", key, e.Instant().UnixMilli())
	if err := client.Process(ctx, cmd); err != nil {
		return false, fmt.Errorf("expiring key %q at %v: %w", key, e, err)
	}
	return cmd.Val(), nil
}

// Set writes a value together with its end, with SET's PXAT, which came with Redis 6.2.
func (e Expiration) Set(ctx context.Context, client Processor, key string, value any) error {
	if err := e.check(key); err != nil {
		return err
	}
	if err := client.Process(ctx, redis.NewStatusCmd(ctx, "set", key, value, "pxat", e.Instant().UnixMilli())); err != nil {
		return fmt.Errorf("setting key %q until %v: %w", key, e, err)
	}
	return nil
}
