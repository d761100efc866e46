package reading

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/curfewkv/curfew/internal/toolkit/connect"
	"github.com/curfewkv/curfew/internal/toolkit/prefix"
	"github.com/curfewkv/curfew/internal/toolkit/walk"
)

// portion is the part of a sample that is of one keyspace.
type portion struct {
	sampler  *Sampler
	space    connect.Keyspace
	quota    int
	cursor   uint64
	looked   int64
	complete bool
	found    map[string]struct{} // keys without TTL; SCAN may bring one twice
}

// take looks at the portion: a walk where that harms nobody, else keys at random.
func (p *portion) take(ctx context.Context) error {
	pace := walk.NewPace(p.sampler.options.Rate)
	small := p.space.Keys >= 0 && p.space.Keys <= int64(p.quota)
	if small || p.space.Node.Replica {
		return p.walk(ctx, pace)
	}
	// The same key is drawn again at times, and a table may have fewer keys by now than INFO said: neither must hold the
	// sampler up.
	drawer := walk.NewDrawer(p.space)
	for draws := 0; p.looked < int64(p.quota) && draws < 4*p.quota/samplePage+samplePage; draws++ {
		if err := pace.Wait(ctx, samplePage); err != nil {
			return err
		}
		begin := time.Now()
		keys, err := drawer.Draw(ctx, samplePage)
		if err != nil {
			return err
		}
		pace.Took(time.Since(begin))
		if err := p.look(ctx, keys); err != nil {
			return err
		}
	}
	return nil
}

// walk goes on at the cursor, for the quota or once around.
func (p *portion) walk(ctx context.Context, pace *walk.Pace) error {
	whole := p.cursor == 0
	p.complete = p.space.Keys == 0
	for p.looked < int64(p.quota) {
		scanner := walk.NewScanner(p.space, walk.Options{Count: samplePage, Cursor: p.cursor, Pace: pace})
		for p.looked < int64(p.quota) {
			keys, err := scanner.Next(ctx)
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return err
			}
			if err := p.look(ctx, keys); err != nil {
				return err
			}
			p.cursor, _ = scanner.Cursor()
		}
		switch {
		case p.cursor != 0: // the quota is used up
		case whole:
			p.complete = true
			return nil
		case p.looked >= p.space.Keys:
			return nil
		default:
			whole = true // from the begin, for what is left of the quota
		}
	}
	return nil
}

func (p *portion) look(ctx context.Context, keys []string) error {
	if len(keys) == 0 {
		return nil
	}
	ttls := make([]*redis.DurationCmd, len(keys))
	_, err := p.space.Client.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		for i, key := range keys {
			ttls[i] = pipe.PTTL(ctx, key)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("PTTL: %w", err)
	}
	for i, key := range keys {
		if ttls[i].Val() == -1 {
			p.found[key] = struct{}{}
		}
	}
	p.looked += int64(len(keys))
	return nil
}

// count gives each key found the weight that makes the sum what INFO counts, which is exact; where INFO is refused, the
// weight of a key of the sample.
func (p *portion) count(finder *prefix.Finder[float64]) {
	if len(p.found) == 0 {
		return
	}
	weight := 1.0
	switch k := p.space; {
	case p.complete:
	case k.Expires >= 0 && k.Keys > k.Expires:
		weight = float64(k.Keys-k.Expires) / float64(len(p.found))
	case k.Keys > 0 && p.looked > 0:
		weight = max(1, float64(k.Keys)/float64(p.looked))
	}
	for key := range p.found {
		*finder.At(key, weight) += weight
	}
}
