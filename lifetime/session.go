package lifetime

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
)

// Sessions are values that live while they are used, but never beyond an age.
//
// A session ends when it was not used for TTL, and MaxAge after it was created, however much it is used. To read and prolong
// it is one round trip: GET, and PEXPIREAT with GT to the smaller of now + TTL and the end. So
//
//   - the end is an absolute instant of the server's clock: no race, lost reply or late client can move it;
//   - it is part of the session's id, which nobody can change without naming another session, so it is known before
//     the value is, and neither a script nor a second key is needed for it;
//   - GT makes the renewal one that is skipped by the server: now + TTL is rounded down to a tenth of TTL, so that all reads
//     within a tenth ask for the same instant, and all but the first change nothing, are not replicated and not
//     written to the AOF. A session that was read has 90 to 100 % of TTL left.
//
// Servers before 7.0 have no GT; there, the read is a GETEX, which always writes.
//
// An id is 256 random bits and the end; whatever else a client sends as one is refused before it reaches Redis.
type Sessions[T any] struct {
	client  redis.UniversalClient
	options SessionOptions
	clock   *sessionClock
	// older: the server does not take PEXPIREAT with GT. It is learnt from the first refusal, and stays.
	older atomic.Bool
}

// SessionOptions are what NewSessions needs to know.
type SessionOptions struct {
	Prefix    string        // of the keys; "" is "session:"
	TTL       time.Duration // without use; 0: 30 min
	MaxAge    time.Duration // since creation; 0: 24 h
	Codec     Codec         // of values; nil: JSON. []byte and string are stored as they are
	Telemetry Telemetry
}

// ErrNoSession is returned for a session that does not exist, has ended, or never could have existed.
var ErrNoSession = errors.New("no such session")

// NewSessions returns sessions on a client, which stays the caller's.
func NewSessions[T any](client redis.UniversalClient, options SessionOptions) (*Sessions[T], error) {
	if client == nil {
		return nil, errNoClient
	}
	if options.Prefix == "" {
		options.Prefix = "session:"
	}
	if options.TTL == 0 {
		options.TTL = 30 * time.Minute
	}
	if options.MaxAge == 0 {
		options.MaxAge = 24 * time.Hour
	}
	if options.TTL < 10*time.Millisecond || options.MaxAge < options.TTL {
		return nil, fmt.Errorf("SessionOptions: TTL is %v and MaxAge %v: the TTL must be 10 ms or more, and MaxAge the TTL or more", options.TTL, options.MaxAge)
	}
	if options.Codec == nil {
		options.Codec = JSON{}
	}
	return &Sessions[T]{client: client, options: options, clock: newSessionClock(client)}, nil
}

// Create begins a session and returns its id.
func (s *Sessions[T]) Create(ctx context.Context, value T) (id string, err error) {
	ctx, end := s.options.Telemetry.span(ctx, "lifetime.Sessions.Create")
	defer func() { end(err) }()
	now, err := s.clock.now(ctx)
	if err != nil {
		return "", err
	}
	data, err := encode(s.options.Codec, value)
	if err != nil {
		return "", fmt.Errorf("writing a session: %w", err)
	}
	return s.begin(ctx, data, now, now.Add(s.options.MaxAge))
}

// begin writes a session that ends at an instant at the latest.
func (s *Sessions[T]) begin(ctx context.Context, data []byte, now, end time.Time) (string, error) {
	id := newSessionID(end)
	if !end.After(now) {
		return "", ErrNoSession
	}
	// An instant and not a TTL, so that the time on the way does not move it beyond the end.
	until := min(now.Add(s.options.TTL).UnixMilli(), id.end.UnixMilli())
	err := s.client.Do(withoutPolicy(ctx), "set", s.key(id), data, "nx", "pxat", until).Err()
	if errors.Is(err, redis.Nil) {
		return "", errors.New("a new session's id is taken, which random numbers do not do: check the source of randomness")
	}
	if err != nil {
		return "", fmt.Errorf("writing a new session: %w", err)
	}
	s.options.Telemetry.add(sessionsCreated, 1)
	return id.text, nil
}

// Get returns a session's value and prolongs the session.
func (s *Sessions[T]) Get(ctx context.Context, id string) (value T, err error) {
	ctx, end := s.options.Telemetry.span(ctx, "lifetime.Sessions.Get")
	defer func() { end(err) }()
	data, err := s.read(ctx, id)
	if err != nil {
		return value, err
	}
	if value, err = decode[T](s.options.Codec, data); err != nil {
		return value, fmt.Errorf("reading a session: %w", err)
	}
	return value, nil
}

// Touch prolongs a session as Get does.
func (s *Sessions[T]) Touch(ctx context.Context, id string) error {
	_, err := s.read(ctx, id)
	return err
}

// Save overwrites a session's value and prolongs the session. A session that was destroyed or has ended stays so.
func (s *Sessions[T]) Save(ctx context.Context, id string, value T) (err error) {
	ctx, end := s.options.Telemetry.span(ctx, "lifetime.Sessions.Save")
	defer func() { end(err) }()
	known, until, err := s.admit(ctx, id)
	if err != nil {
		return err
	}
	data, err := encode(s.options.Codec, value)
	if err != nil {
		return fmt.Errorf("writing a session: %w", err)
	}
	ctx = withoutPolicy(ctx)
	pipe := s.client.Pipeline()
	write := pipe.SetArgs(ctx, s.key(known), data, redis.SetArgs{Mode: "XX", KeepTTL: true})
	var renew *redis.Cmd
	if s.older.Load() {
		renew = pipe.Do(ctx, "pexpireat", s.key(known), until)
	} else {
		renew = pipe.Do(ctx, "pexpireat", s.key(known), until, "gt")
	}
	_, _ = pipe.Exec(ctx) // each command has its own error
	if err := write.Err(); errors.Is(err, redis.Nil) {
		return ErrNoSession
	} else if err != nil {
		return fmt.Errorf("writing a session: %w", err)
	}
	// Where it is refused, the value is written and the life as it was; a read renews it.
	if err := renew.Err(); err != nil && !s.refuses(err) {
		return fmt.Errorf("prolonging a session: %w", err)
	}
	return nil
}

// Update changes a session's value by a function, which is called again when somebody else has changed the value meanwhile.
// Its error ends the Update without a change.
func (s *Sessions[T]) Update(ctx context.Context, id string, change func(*T) error) (err error) {
	ctx, end := s.options.Telemetry.span(ctx, "lifetime.Sessions.Update")
	defer func() { end(err) }()
	if change == nil {
		return errors.New("changing a session: there is no function to change it")
	}
	known, _, err := s.admit(ctx, id)
	if err != nil {
		return err
	}
	ctx, key := withoutPolicy(ctx), s.key(known)
	err = watched(ctx, s.client, manyTries, func(tx *redis.Tx) error {
		data, err := tx.Get(ctx, key).Bytes()
		if err != nil {
			return err
		}
		value, err := decode[T](s.options.Codec, data)
		if err != nil {
			return fmt.Errorf("reading a session: %w", err)
		}
		if err := change(&value); err != nil {
			return err
		}
		if data, err = encode(s.options.Codec, value); err != nil {
			return fmt.Errorf("writing a session: %w", err)
		}
		_, err = tx.TxPipelined(ctx, func(pipe redis.Pipeliner) error {
			pipe.SetArgs(ctx, key, data, redis.SetArgs{Mode: "XX", KeepTTL: true})
			return nil
		})
		return err
	}, key)
	if errors.Is(err, redis.Nil) {
		return ErrNoSession
	}
	if err != nil {
		return fmt.Errorf("changing a session: %w", err)
	}
	return nil
}

// Destroy ends a session. It is no error when it has ended already.
func (s *Sessions[T]) Destroy(ctx context.Context, id string) error {
	known, ok := parseSessionID(id)
	if !ok {
		return nil
	}
	n, err := s.client.Del(ctx, s.key(known)).Result()
	if err != nil {
		return fmt.Errorf("destroying a session: %w", err)
	}
	s.options.Telemetry.add(sessionsEnded, float64(n))
	return nil
}

// Regenerate gives a session a new id, with the same value and the same end, and makes the old one unknown. It belongs to
// every change of privileges: who planted or saw the old id (session fixation) has nothing of it. Of several at
// once for one id, one succeeds. After an error the session is as it was, unless the answer was lost.
func (s *Sessions[T]) Regenerate(ctx context.Context, id string) (fresh string, err error) {
	ctx, end := s.options.Telemetry.span(ctx, "lifetime.Sessions.Regenerate")
	defer func() { end(err) }()
	known, _, err := s.admit(ctx, id)
	if err != nil {
		return "", err
	}
	now, err := s.clock.now(ctx)
	if err != nil {
		return "", err
	}
	data, err := s.client.Get(ctx, s.key(known)).Bytes()
	if errors.Is(err, redis.Nil) {
		return "", ErrNoSession
	}
	if err != nil {
		return "", fmt.Errorf("reading a session: %w", err)
	}
	// The new one comes first: a server that is full refuses it, and must not have lost the old one by then. Nobody knows
	// the new id before this returns, so a crash in between leaves no way in that was not there.
	fresh, err = s.begin(ctx, data, now, known.end)
	if err != nil {
		return "", err
	}
	if err := s.supersede(ctx, known, fresh, data); err != nil {
		// Also when ctx has ended. If it fails, the new id ends with its TTL, unknown to anybody.
		_ = s.client.Del(context.WithoutCancel(ctx), s.options.Prefix+fresh).Err()
		return "", err
	}
	return fresh, nil
}

// supersede takes the old id away, and what was written under it since it was copied.
func (s *Sessions[T]) supersede(ctx context.Context, old sessionID, fresh string, copied []byte) error {
	latest, err := s.client.GetDel(ctx, s.key(old)).Bytes()
	if errors.Is(err, redis.Nil) {
		return ErrNoSession
	}
	if err != nil {
		return fmt.Errorf("taking a session's old id away: %w", err)
	}
	if bytes.Equal(latest, copied) {
		return nil
	}
	write := s.client.SetArgs(withoutPolicy(ctx), s.options.Prefix+fresh, latest, redis.SetArgs{Mode: "XX", KeepTTL: true})
	if err := write.Err(); err != nil {
		return fmt.Errorf("writing a session under its new id: %w", err)
	}
	return nil
}

func (s *Sessions[T]) key(id sessionID) string { return s.options.Prefix + id.text }
