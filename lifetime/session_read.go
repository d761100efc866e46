package lifetime

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
)

// admit checks an id without asking Redis for it, and returns the instant, in Unix milliseconds, up to which its use now
// prolongs the session.
func (s *Sessions[T]) admit(ctx context.Context, text string) (sessionID, int64, error) {
	id, ok := parseSessionID(text)
	if !ok {
		s.options.Telemetry.add(sessionReads, 1, "refused")
		return id, 0, ErrNoSession
	}
	now, err := s.clock.now(ctx)
	if err != nil {
		return id, 0, err
	}
	// A minute is what the clocks of servers may differ by.
	if left := id.end.Sub(now); left <= 0 || left > s.options.MaxAge+time.Minute {
		s.options.Telemetry.add(sessionReads, 1, "refused")
		return id, 0, ErrNoSession
	}
	step := max(1, s.options.TTL.Milliseconds()/10)
	until := now.Add(s.options.TTL).UnixMilli()
	return id, min(until-until%step, id.end.UnixMilli()), nil
}

// read returns what is stored, and prolongs.
func (s *Sessions[T]) read(ctx context.Context, text string) ([]byte, error) {
	id, until, err := s.admit(ctx, text)
	if err != nil {
		return nil, err
	}
	ctx = withoutPolicy(ctx)
	var data []byte
	renewed := true
	if !s.older.Load() {
		data, renewed, err = s.readAndRaise(ctx, s.key(id), until)
	}
	if s.older.Load() {
		// redis.GetEx knows instants in whole seconds only.
		var value string
		value, err = s.client.Do(ctx, "getex", s.key(id), "pxat", until).Text()
		data = []byte(value)
	}
	if errors.Is(err, redis.Nil) {
		s.options.Telemetry.add(sessionReads, 1, "miss")
		return nil, ErrNoSession
	}
	if err != nil {
		return nil, fmt.Errorf("reading a session: %w", err)
	}
	s.options.Telemetry.add(sessionReads, 1, "hit")
	if renewed {
		s.options.Telemetry.add(sessionRenewals, 1)
	}
	return data, nil
}

// readAndRaise reads a key and moves its deadline to an instant, if that is later. It finds out whether the server can.
func (s *Sessions[T]) readAndRaise(ctx context.Context, key string, until int64) (data []byte, raised bool, err error) {
	pipe := s.client.Pipeline()
	get := pipe.Get(ctx, key)
	renew := pipe.Do(ctx, "pexpireat", key, until, "gt")
	_, _ = pipe.Exec(ctx) // each command has its own error
	if data, err = get.Bytes(); err != nil {
		return nil, false, err
	}
	n, err := renew.Int()
	if err != nil && !s.refuses(err) {
		return nil, false, fmt.Errorf("prolonging: %w", err)
	}
	return data, n == 1, nil
}

// refuses says whether an error means that the server does not take PEXPIREAT with GT, and remembers it.
func (s *Sessions[T]) refuses(err error) bool {
	if !refusesCondition(err) && !refused(err, "pexpireat") {
		return false
	}
	s.older.Store(true)
	return true
}
