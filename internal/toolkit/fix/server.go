package fix

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/curfewkv/curfew/internal/toolkit/connect"
	"github.com/curfewkv/curfew/internal/toolkit/sweep"
)

// offsetFor is how long a server's clock is trusted to run as ours does.
const offsetFor = 30 * time.Second

// A server is what is known of one: its clock, and how it can be told to leave a TTL alone.
type server struct {
	mu     sync.Mutex
	method Method
	offset time.Duration // of its clock to ours
	asked  time.Time
}

// clock returns the offset, asking the server when the last answer is old.
func (s *server) clock(ctx context.Context, p *sweep.Place) (time.Duration, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.asked.IsZero() && time.Since(s.asked) < offsetFor {
		return s.offset, nil
	}
	begin := time.Now()
	at, err := p.Client.Time(ctx).Result()
	switch {
	case connect.Refused(err):
		p.Note("%s does not tell its time: TTLs are off by its clock's difference to this host's", p.Node.Addr)
	case err != nil:
		return 0, fmt.Errorf("TIME: %w", err)
	default:
		trip := time.Since(begin)
		s.offset = at.Sub(begin.Add(trip / 2))
	}
	s.asked = begin
	return s.offset, nil
}

func (s *server) present() Method {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.method
}

// refused goes on to the next method after one was refused.
func (s *server) refused(m Method, allowRace, auto bool, err error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.method != m: // another database of the server was faster
	case auto && m == NX:
		s.method = Script
	case auto && m == Script && allowRace:
		s.method = Race
	case m == NX:
		return fmt.Errorf("the server does not know PEXPIREAT with NX, which is for Redis 7.0 and newer; --method auto finds another way: %w", err)
	default:
		return fmt.Errorf("the server knows neither EXPIRE with NX (Redis 7.0) nor allows EVAL: a TTL that somebody sets at the same moment could be replaced; accept that with --allow-race: %w", err)
	}
	return nil
}

// without reports whether an error says that a server lacks what a method needs.
func (m Method) without(err error) bool {
	if err == nil {
		return false
	}
	if m != NX {
		return m == Script && connect.Refused(err)
	}
	text := strings.ToLower(err.Error())
	return strings.Contains(text, "wrong number of arguments") || strings.Contains(text, "syntax error") || strings.Contains(text, "unsupported option")
}

// guarded looks and sets in one step, on servers that have no NX. It answers 1: set, 0: there is a TTL, -2: no such key.
const guarded = `local ttl = redis.call('PTTL', KEYS[1])
if ttl == -1 then return redis.call('PEXPIREAT', KEYS[1], ARGV[1]) end
if ttl == -2 then return -2 end
return 0`

// set queues the command that gives an item its deadline.
func (m Method) set(ctx context.Context, pipe redis.Pipeliner, it *item) *redis.Cmd {
	switch m {
	case NX:
		return pipe.Do(ctx, "PEXPIREAT", it.key, it.deadline, "NX")
	case Script:
		return pipe.Do(ctx, "EVAL", guarded, 1, it.key, it.deadline)
	}
	return pipe.Do(ctx, "PEXPIREAT", it.key, it.deadline)
}
