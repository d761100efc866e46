package purge

import (
	"context"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/curfewkv/curfew/internal/toolkit/connect"
	"github.com/curfewkv/curfew/internal/toolkit/output"
	"github.com/curfewkv/curfew/internal/toolkit/sweep"
	"github.com/curfewkv/curfew/internal/toolkit/walk"
)

// A TagReport is what became of the members of a set that serves as a tag.
type TagReport struct {
	DryRun  bool   `json:"dry_run"`
	Set     string `json:"set"`
	Removed int64  `json:"removed"`  // keys, or would be
	Gone    int64  `json:"vanished"` // members whose key was gone already: what such sets leak
	Left    int64  `json:"left"`     // members that were added meanwhile
}

// TagSet removes the keys that are members of a set, and each from the set after it is gone, so that the work can stop
// anywhere. The set goes with its last member; one that is added meanwhile stays, with the set. A key that is written and tagged
// again between the two steps loses its membership: the program that tags should be quiet, or use tags of package lifetime.
func TagSet(ctx context.Context, target *connect.Target, set string, o sweep.Options, dryRun bool) (*TagReport, error) {
	t := &tagSet{target: target, set: set, report: &TagReport{DryRun: dryRun, Set: set}, pace: walk.NewPace(o.Rate), options: o}
	if t.options.RetryFor <= 0 {
		t.options.RetryFor = time.Minute
	}
	size, err := target.Client.SCard(ctx, set).Result()
	if err != nil {
		return nil, fmt.Errorf("set %q: %w", set, err)
	}
	if size == 0 {
		return nil, fmt.Errorf("there is no set %q", set)
	}
	progress := output.NewProgress(o.Screen, "purge", size, o.Quiet)
	defer progress.Done()
	for cursor := uint64(0); ; {
		var members []string
		err := t.retry(ctx, func() (err error) {
			members, cursor, err = target.Client.SScan(ctx, set, cursor, "", max(o.Page, estimatePage)).Result()
			return err
		})
		if err != nil {
			return t.report, err
		}
		if err := t.page(ctx, members); err != nil {
			return t.report, err
		}
		progress.Add(len(members))
		if cursor == 0 {
			break
		}
	}
	if !dryRun {
		t.report.Left, err = target.Client.SCard(ctx, set).Result()
	}
	return t.report, err
}

type tagSet struct {
	target  *connect.Target
	set     string
	report  *TagReport
	pace    *walk.Pace
	options sweep.Options
}

func (t *tagSet) page(ctx context.Context, members []string) error {
	if len(members) == 0 {
		return nil
	}
	if err := t.pace.Wait(ctx, len(members)); err != nil {
		return err
	}
	name := "UNLINK"
	if t.report.DryRun {
		name = "EXISTS"
	}
	todo := members
	err := t.retry(ctx, func() error {
		cmds := make([]*redis.Cmd, len(todo))
		_, _ = t.target.Client.Pipelined(ctx, func(pipe redis.Pipeliner) error {
			for i, key := range todo {
				cmds[i] = pipe.Do(ctx, name, key)
			}
			return nil
		})
		var left []string
		var first error
		for i, key := range todo {
			answer, err := cmds[i].Int64()
			switch {
			case err != nil:
				left = append(left, key)
				if first == nil {
					first = fmt.Errorf("%s %q: %w", name, key, err)
				}
			case answer == 1:
				t.report.Removed++
			default:
				t.report.Gone++
			}
		}
		todo = left
		return first
	})
	if err != nil || t.report.DryRun {
		return err
	}
	args := make([]any, len(members))
	for i, m := range members {
		args[i] = m
	}
	return t.retry(ctx, func() error { return t.target.Client.SRem(ctx, t.set, args...).Err() })
}

// retry waits for a failover or a moved slot.
func (t *tagSet) retry(ctx context.Context, do func() error) error {
	return sweep.Retry(ctx, t.options.RetryFor, do)
}
