package sweeptest

import (
	"context"
	"sync"

	"github.com/curfewkv/curfew/internal/toolkit/sweep"
)

// Between is a worker that calls Before with the page's number, from 1 on, and then lets Worker work on the page.
type Between struct {
	Worker sweep.Worker
	Before func(page int, p *sweep.Place)

	mu   sync.Mutex
	page int
}

// Page implements sweep.Worker.
func (b *Between) Page(ctx context.Context, p *sweep.Place, keys []string) (sweep.Tally, error) {
	b.mu.Lock()
	b.page++
	b.Before(b.page, p)
	b.mu.Unlock()
	return b.Worker.Page(ctx, p, keys)
}
