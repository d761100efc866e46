package bench

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/curfewkv/curfew/resp"
)

// deletion removes big things while a bystander looks on.
type deletion struct {
	bytes   int // of the string
	members int // of the collections
}

const (
	deletionKey   = "big"
	deletionEvery = 500 * time.Microsecond
	// deletionAfter is how long the bystander goes on after the reply: freeing may have been put off.
	deletionAfter = 300 * time.Millisecond
	memberBatch   = 100 // members in one command when building
)

func (*deletion) Name() string { return "deletion" }

func (*deletion) Short() string { return "how long others wait while something big is removed" }

func (s *deletion) About() string {
	return fmt.Sprintf(`A string of %d MiB, then a set and a hash of %s members, are removed with DEL and with UNLINK. The figure is
the worst wait of a bystander that sends a GET every %v, from the command until %v after its reply.`,
		s.bytes>>20, thousands(int64(s.members)), deletionEvery, deletionAfter)
}

// big is a kind of large value and how to build it.
type big struct {
	name  string
	goal  *Goal
	build func(ctx context.Context, t *Target) error
}

func (s *deletion) Run(ctx context.Context, t *Target) ([]Figure, error) {
	members := thousands(int64(s.members)) + " members"
	kinds := []big{
		{fmt.Sprintf("string of %d MiB", s.bytes>>20), limit(1), s.buildString},
		{"set of " + members, limit(1), s.collection("SADD", func(i int) []string { return []string{"member:" + strconv.Itoa(i)} })},
		{"hash of " + members, limit(1), s.collection("HSET", func(i int) []string {
			return []string{"field:" + strconv.Itoa(i), "value:" + strconv.Itoa(i)}
		})},
	}
	var figures []Figure
	for _, kind := range kinds {
		for _, command := range [...]string{"DEL", "UNLINK"} {
			f, err := s.measure(ctx, t, kind, command)
			if err != nil {
				return nil, fmt.Errorf("%s of a %s: %w", command, kind.name, err)
			}
			figures = append(figures, f)
		}
	}
	return figures, nil
}

func (s *deletion) measure(ctx context.Context, t *Target, kind big, command string) (Figure, error) {
	f := Figure{Name: command + " of a " + kind.name + ": worst wait", Unit: Millis, Better: Lower, Goal: kind.goal}
	err := kind.build(ctx, t)
	if reply, ok := errors.AsType[resp.Error](err); ok && strings.Contains(string(reply), "unknown command") {
		return f.unless(true, string(reply)), nil
	}
	if err != nil {
		return f, err
	}
	if err := pause(ctx, settle); err != nil {
		return f, err
	}
	b, err := startBystander(t, deletionEvery)
	if err != nil {
		return f, err
	}
	if err = pause(ctx, deletionAfter); err == nil {
		from := now()
		if err = t.do(command, deletionKey); err == nil {
			err = pause(ctx, deletionAfter)
		}
		seen, stopErr := t.stopBystander(b)
		f.Value = millis(seen.between(from.add(-deletionEvery), now()).distribution().max())
		return f, errors.Join(err, stopErr)
	}
	_, stopErr := t.stopBystander(b)
	return f, errors.Join(err, stopErr)
}

// buildString stores the long string in one SET, whose value is sent from a small buffer.
func (s *deletion) buildString(_ context.Context, t *Target) error {
	head := "*3\r\n" + string(appendBulk(appendBulk(nil, []byte("SET")), []byte(deletionKey))) + "$" + strconv.Itoa(s.bytes) + "\r\n"
	conn, err := resp.Dial(t.Addr)
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(replyTimeout)); err != nil {
		return err
	}
	if _, err := conn.Net().Write([]byte(head)); err != nil {
		return err
	}
	chunk := randomBytes(1 << 20)
	for left := s.bytes; left > 0; left -= len(chunk) {
		if _, err := conn.Net().Write(chunk[:min(left, len(chunk))]); err != nil {
			return err
		}
	}
	if _, err := conn.Net().Write([]byte("\r\n")); err != nil {
		return err
	}
	v, err := conn.Receive()
	return errors.Join(err, v.Err())
}

// collection returns the builder of a set or hash; item returns the arguments of member i.
func (s *deletion) collection(command string, item func(i int) []string) func(context.Context, *Target) error {
	return func(ctx context.Context, t *Target) error {
		update, finish := t.progress(t.Name+": "+command, int64(s.members))
		defer finish()
		for i := 0; i < s.members; {
			if err := ctx.Err(); err != nil {
				return err
			}
			args := []string{command, deletionKey}
			for end := min(i+memberBatch, s.members); i < end; i++ {
				args = append(args, item(i)...)
			}
			if err := t.do(args...); err != nil {
				return err
			}
			update(int64(i))
		}
		return nil
	}
}
