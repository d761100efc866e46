package lifetime

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// subscription keeps one Pub/Sub connection alive, and knows when it was not: go-redis reconnects by itself and says
// nothing, so that the messages of the meantime would be missing unnoticed.
//
// Its calls come from one goroutine, one after the other.
type subscription struct {
	open      func(ctx context.Context) *redis.PubSub // begins to subscribe to exactly one channel
	up        func()                                  // the server has confirmed: from now on messages arrive
	down      func(error)                             // messages may have been lost since the last proof of life
	message   func(*redis.Message)
	prove     func(ctx context.Context, p *redis.PubSub) error // asks for a sign of life; nil: PING
	alive     func()                                           // the sign came; nil: nothing to do
	isSign    func(*redis.Message) bool                        // nil: signs are pongs
	every     time.Duration                                    // between signs, and how long one may take
	pause     time.Duration                                    // before the first attempt to reconnect; it grows to 32 times that
	cancel    context.CancelFunc
	done      sync.WaitGroup
	confirmed chan struct{} // closed at the first confirmation
	refused   chan error    // the first failure, if it came before that
}

func (s *subscription) start() {
	ctx, cancel := context.WithCancel(context.Background())
	s.cancel = cancel
	s.confirmed, s.refused = make(chan struct{}), make(chan error, 1)
	s.done.Go(func() { s.run(ctx) })
}

// await returns when the subscription is confirmed for the first time, or the first attempt has failed: what a caller
// sees then, a password or a permission that is missing, does not get better by waiting.
func (s *subscription) await(ctx context.Context) error {
	select {
	case <-s.confirmed:
		return nil
	case err := <-s.refused:
		return err
	case <-ctx.Done():
		return fmt.Errorf("waiting for the subscription: %w", context.Cause(ctx))
	}
}

func (s *subscription) close() {
	s.cancel()
	s.done.Wait()
}

func (s *subscription) run(ctx context.Context) {
	first := backoff{next: s.pause, longest: 32 * s.pause}
	pauses := first
	for ctx.Err() == nil {
		was, err := s.once(ctx)
		if ctx.Err() != nil {
			return
		}
		s.down(err)
		select {
		case <-s.confirmed:
		case s.refused <- err:
		default:
		}
		if was {
			pauses = first
		}
		pauseFor(ctx, pauses.pause(0))
	}
}

// once serves one connection until it fails; was says whether it was ever confirmed.
func (s *subscription) once(ctx context.Context) (was bool, err error) {
	p, err := s.opened(ctx)
	if err != nil {
		return false, err
	}
	signs := make(chan struct{}, 1)
	var late error
	var watch sync.WaitGroup
	ended := make(chan struct{})
	watch.Go(func() {
		late = s.watch(ctx, p, signs, ended)
		_ = p.Close() // which ends Receive
	})
	for err == nil {
		var event any
		if event, err = p.Receive(ctx); err != nil {
			break
		}
		switch event := event.(type) {
		case *redis.Subscription:
			if was {
				err = errors.New("the connection was replaced")
				break
			}
			was = true
			s.up()
			select {
			case <-s.confirmed:
			default:
				close(s.confirmed)
			}
			sign(signs)
		case *redis.Pong:
			if s.alive != nil && s.isSign == nil {
				s.alive()
			}
			sign(signs)
		case *redis.Message:
			if s.isSign != nil && s.isSign(event) {
				sign(signs)
				continue
			}
			s.message(event)
		}
	}
	close(ended)
	watch.Wait()
	return was, errors.Join(late, err)
}

// opened makes an error of the panic with which a Ring subscribes while all of its servers are down.
func (s *subscription) opened(ctx context.Context) (p *redis.PubSub, err error) {
	defer func() {
		switch cause := recover().(type) {
		case nil:
		case error:
			err = fmt.Errorf("subscribing: %w", cause)
		default:
			panic(cause)
		}
	}()
	return s.open(ctx), nil
}

func sign(signs chan<- struct{}) {
	select {
	case signs <- struct{}{}:
	default:
	}
}

// watch asks for signs of life, and returns when one does not come in time.
func (s *subscription) watch(ctx context.Context, p *redis.PubSub, signs <-chan struct{}, ended <-chan struct{}) error {
	timer := time.NewTimer(s.every)
	defer timer.Stop()
	asked := true // the confirmation is the first sign
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ended:
			return nil
		case <-signs:
			asked = false
			continue
		case <-timer.C:
		}
		if asked {
			return fmt.Errorf("no sign of life within %v", s.every)
		}
		asked = true
		ask, cancel := context.WithTimeout(ctx, s.every)
		err := s.ask(ask, p)
		cancel()
		if err != nil {
			return fmt.Errorf("asking for a sign of life: %w", err)
		}
		timer.Reset(s.every)
	}
}

func (s *subscription) ask(ctx context.Context, p *redis.PubSub) error {
	if s.prove != nil {
		return s.prove(ctx, p)
	}
	return p.Ping(ctx)
}
