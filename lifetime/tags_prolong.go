package lifetime

import (
	"context"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
)

// prolongation makes keys live for a TTL at least. It never shortens a life, because values of different TTLs share a
// tag, and never begins one: a tag that was invalidated stays away.
type prolongation struct {
	tags *Tags
	ttl  time.Duration
	keys []string
	sent []*redis.Cmd
}

func (t *Tags) prolong(ttl time.Duration) *prolongation {
	return &prolongation{tags: t, ttl: ttl}
}

// prolongScript does EXPIRE GT on servers before 7.0.
const prolongScript = `local left = redis.call('PTTL', KEYS[1])
if left >= 0 and left < tonumber(ARGV[1]) then return redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return 0`

func (p *prolongation) add(ctx context.Context, pipe redis.Pipeliner, key string) {
	ms := max(p.ttl.Milliseconds(), 1)
	p.keys = append(p.keys, key)
	if p.tags.scripted.Load() {
		p.sent = append(p.sent, pipe.Eval(ctx, prolongScript, []string{key}, ms))
	} else {
		p.sent = append(p.sent, pipe.Do(ctx, "pexpire", key, ms, "gt"))
	}
}

// check is to be called when the pipeline has run.
func (p *prolongation) check(ctx context.Context) error {
	var again []string
	for i, cmd := range p.sent {
		switch err := cmd.Err(); {
		case err == nil:
		case cmd.Name() == "pexpire" && refusesCondition(err):
			again = append(again, p.keys[i])
		default:
			return fmt.Errorf("prolonging %q: %w", p.keys[i], err)
		}
	}
	if len(again) == 0 {
		return nil
	}
	p.tags.scripted.Store(true)
	p.keys, p.sent = nil, nil
	pipe := p.tags.client.Pipeline()
	for _, key := range again {
		p.add(ctx, pipe, key)
	}
	_, _ = pipe.Exec(ctx) // each command has its own error
	return p.check(ctx)
}
