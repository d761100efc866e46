package audit

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/curfewkv/curfew/internal/toolkit/connect"
	"github.com/curfewkv/curfew/internal/toolkit/output"
	"github.com/curfewkv/curfew/internal/toolkit/walk"
)

// sampler draws keys of one keyspace, each with about the same chance, and looks at them.
//
// A key is looked at once, however often it is drawn; so the sample is one without replacement.
type sampler struct {
	space    *connect.Keyspace
	details  *details
	pace     *walk.Pace
	progress *output.Progress
	seen     map[string]bool
	vanished int64
}

// maxDraws bounds how often keys are drawn that were drawn before: the last ones of a keyspace take many draws each.
const maxDraws = 4

// draw looks at about n different keys. With an error it returns those that it has.
func (s *sampler) draw(ctx context.Context, n int) ([]Record, error) {
	var records []Record
	s.seen = make(map[string]bool, n)
	drawer := walk.NewDrawer(*s.space)
	for drawn := 0; len(records) < n && drawn < maxDraws*n+detailBatch; {
		keys, err := drawer.Draw(ctx, min(detailBatch, n-len(records)))
		if err != nil {
			return records, err
		}
		if drawer.ByScan() {
			s.details.columns.turnOff("RANDOMKEY", "RANDOMKEY is refused: keys were drawn by SCAN at random cursors")
		}
		drawn += max(1, len(keys))
		fresh := keys[:0]
		for _, key := range keys {
			if !s.seen[key] {
				s.seen[key] = true
				fresh = append(fresh, key)
			}
		}
		if err := s.pace.Wait(ctx, len(fresh)); err != nil {
			return records, err
		}
		batch, err := s.details.read(ctx, fresh)
		records = append(records, batch...)
		if err != nil {
			return records, err
		}
		s.vanished += int64(len(fresh) - len(batch))
		s.progress.Add(len(batch))
	}
	if drawer.ByScan() && len(records) < n/2 {
		s.details.columns.turnOff("SCAN at random cursors", fmt.Sprintf(
			"this server's SCAN does not take any number as a cursor: %d keys were drawn where %d were asked for; allow RANDOMKEY, or use --exact", len(records), n))
	}
	return records, nil
}

// all looks at every key of a small keyspace.
func (s *sampler) all(ctx context.Context) ([]Record, error) {
	var records []Record
	s.seen = map[string]bool{}
	scanner := walk.NewScanner(*s.space, walk.Options{Pace: s.pace})
	for {
		keys, err := scanner.Next(ctx)
		if errors.Is(err, io.EOF) {
			return records, nil
		}
		if err != nil {
			return records, err
		}
		fresh := keys[:0]
		for _, key := range keys {
			if !s.seen[key] {
				s.seen[key] = true
				fresh = append(fresh, key)
			}
		}
		batch, err := s.details.read(ctx, fresh)
		records = append(records, batch...)
		if err != nil {
			return records, err
		}
		s.vanished += int64(len(fresh) - len(batch))
		s.progress.Add(len(batch))
	}
}
