package lifetime

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// relayPosition is how far a stream was read: the id of the last entry, and how many entries had been added to the stream
// since its creation when that one was. The count is what finds gaps: ids say nothing of what was between them.
type relayPosition struct {
	id    string
	count int64
}

// streamStart is before the first entry.
const streamStart = "0-0"

// positionTTL is after how long a region that reads no more is forgotten.
const positionTTL = 30 * 24 * time.Hour

func (s *relaySource) positionKey() string {
	return s.relay.options.Stream + ":position:" + s.name
}

// load returns the kept position; its id is "" when there is none.
func (s *relaySource) load(ctx context.Context) (relayPosition, error) {
	text, err := s.relay.local.client.Get(ctx, s.positionKey()).Result()
	if errors.Is(err, redis.Nil) {
		return relayPosition{}, nil
	}
	if err != nil {
		return relayPosition{}, fmt.Errorf("reading %q: %w", s.positionKey(), err)
	}
	id, digits, _ := strings.Cut(text, " ")
	count, err := strconv.ParseInt(digits, 10, 64)
	if _, _, ok := parseID(id); !ok || err != nil {
		return relayPosition{}, nil // as good as none: it leads to a gap, and is then overwritten
	}
	return relayPosition{id: id, count: count}, nil
}

// moveTo goes on from a position, and keeps it if the server takes it. One that is full removes keys, but writes none:
// what comes next has to be applied all the same. Without a position, it is applied again after a restart.
func (s *relaySource) moveTo(ctx context.Context, p relayPosition) {
	s.at = p
	if err := s.save(ctx, p); err != nil && ctx.Err() == nil {
		s.relay.options.OnError(s.name, err)
	}
}

func (s *relaySource) save(ctx context.Context, p relayPosition) error {
	text := p.id + " " + strconv.FormatInt(p.count, 10)
	if err := s.relay.local.client.Set(withoutPolicy(ctx), s.positionKey(), text, positionTTL).Err(); err != nil {
		return fmt.Errorf("writing %q: %w", s.positionKey(), err)
	}
	return nil
}

// parseID returns the time and the number of a stream's id.
func parseID(id string) (ms, number uint64, ok bool) {
	a, b, ok := strings.Cut(id, "-")
	ms, err := strconv.ParseUint(a, 10, 64)
	number, err2 := strconv.ParseUint(b, 10, 64)
	return ms, number, ok && err == nil && err2 == nil
}

func idBefore(a, b string) bool {
	ams, an, _ := parseID(a)
	bms, bn, _ := parseID(b)
	return ams < bms || ams == bms && an < bn
}

// missed says why entries after p are missing, when they are; "" otherwise. Entries are those after p, at most limit of them,
// and info is of the same instant, nil when there is no stream.
func missed(p relayPosition, entries int, limit int, info *redis.XInfoStream) string {
	switch {
	case p.id == "":
		return "it was never read from here, or the position is lost"
	case info == nil && (p.id != streamStart || p.count > 0):
		return "the stream is gone"
	case info == nil:
		return ""
	case idBefore(info.LastGeneratedID, p.id):
		return "the stream has lost its end"
	case info.EntriesAdded == 0 && info.Length > 0:
		// Before 7.0 the server does not count.
		if p.id != streamStart && idBefore(p.id, info.FirstEntry.ID) {
			return "the last entry that was read is no longer in the stream"
		}
		return ""
	case entries < limit && info.EntriesAdded-p.count != int64(entries):
		return fmt.Sprintf("%d entries were added and %d are there", info.EntriesAdded-p.count, entries)
	}
	return ""
}
