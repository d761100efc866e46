package walk

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/curfewkv/curfew/internal/toolkit/connect"
)

// defaultCount is the SCAN page that keeps a server busy for about 0.1 ms.
const defaultCount = 500

// Options say which keys a Scanner brings.
type Options struct {
	Match  string // glob; "" is all
	Type   string // as TYPE answers; "" is all
	Count  int64  // keys looked at for each page; 0 chooses
	Cursor uint64 // where an earlier Scanner of the same server run stopped
	Pace   *Pace  // nil: as fast as the server answers
}

// A Scanner brings every key that is there from its begin to its end at least once, which is SCAN's guarantee: a key may
// come twice, and one that is written or removed meanwhile may come or not. It is for one goroutine.
type Scanner struct {
	client  *redis.Client
	options Options
	cursor  uint64
	done    bool
}

// NewScanner begins, or goes on, at options.Cursor.
func NewScanner(k connect.Keyspace, options Options) *Scanner {
	if options.Count <= 0 {
		options.Count = defaultCount
	}
	return &Scanner{client: k.Client, options: options, cursor: options.Cursor}
}

// Next brings the keys of the next page, which may be none, or io.EOF after the last. After another error the same page
// can be asked for again.
func (s *Scanner) Next(ctx context.Context) ([]string, error) {
	if s.done {
		return nil, io.EOF
	}
	if err := s.options.Pace.Wait(ctx, int(s.options.Count)); err != nil {
		return nil, err
	}
	args := []any{"SCAN", strconv.FormatUint(s.cursor, 10), "COUNT", s.options.Count}
	if s.options.Match != "" {
		args = append(args, "MATCH", s.options.Match)
	}
	if s.options.Type != "" {
		args = append(args, "TYPE", s.options.Type)
	}
	begin := time.Now()
	cmd := redis.NewScanCmd(ctx, nil, args...)
	// Process reports the error of the command that it ran.
	if err := s.client.Process(ctx, cmd); err != nil {
		return nil, fmt.Errorf("SCAN %d: %w", s.cursor, err)
	}
	s.options.Pace.Took(time.Since(begin))
	keys, cursor, err := cmd.Result()
	if err != nil && !errors.Is(err, redis.Nil) {
		return nil, fmt.Errorf("SCAN %d: %w", s.cursor, err)
	}
	s.cursor, s.done = cursor, cursor == 0
	return keys, nil
}

// Cursor is where another Scanner can go on after the last page; done is true after the last one of all.
func (s *Scanner) Cursor() (cursor uint64, done bool) { return s.cursor, s.done }
