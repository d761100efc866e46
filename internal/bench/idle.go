package bench

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/sys/unix"

	"github.com/curfewkv/curfew/resp"
)

// idle measures what connections cost that do nothing.
type idle struct{ connections int }

// spareFiles is how many file descriptors this process needs for other things.
const spareFiles = 200

func (*idle) Name() string { return "idle" }

func (*idle) Short() string { return "memory per idle connection" }

func (s *idle) About() string {
	return fmt.Sprintf(`%s connections send one PING each and then nothing. The figure is the resident memory that they added to the
server, each: without the kernel's socket buffers.`, thousands(int64(s.connections)))
}

func (s *idle) Run(ctx context.Context, t *Target) (figures []Figure, err error) {
	var files unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &files); err != nil {
		return nil, err
	}
	n := s.connections
	if room := int(files.Cur) - spareFiles; room < n {
		return nil, fmt.Errorf("only %d of %d connections are possible: raise the limit of open files (ulimit -n)", room, n)
	}
	empty, err := t.footprint(ctx)
	if err != nil {
		return nil, err
	}
	conns := make([]*resp.Conn, 0, n)
	defer func() {
		for _, c := range conns {
			err = errors.Join(err, c.Close())
		}
	}()
	update, finish := t.progress(t.Name+": connections", int64(n))
	defer finish()
	for len(conns) < n {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		c, err := resp.Dial(t.Addr)
		if err != nil {
			return nil, fmt.Errorf("connection %d: %w", len(conns)+1, err)
		}
		conns = append(conns, c)
		v, err := c.Do("PING")
		if err = errors.Join(err, v.Err()); err != nil {
			return nil, fmt.Errorf("connection %d: %w", len(conns), err)
		}
		update(int64(len(conns)))
	}
	full, err := t.footprint(ctx)
	if err != nil {
		return nil, err
	}
	rss := Figure{Name: fmt.Sprintf("RSS per connection at %s", thousands(int64(n))), Unit: Bytes, Better: Lower,
		Goal: limit(8 << 10), Value: (full.rss - empty.rss) / float64(n)}
	return []Figure{
		rss.unless(!full.rssKnown, errNoProcess.Error()),
		{Name: "used_memory per connection", Unit: Bytes, Value: (full.used - empty.used) / float64(n)},
	}, nil
}
