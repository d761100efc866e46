package bench

import (
	"context"
	"fmt"
)

// churn replaces the contents of a full server over and over by values of other sizes: what an allocator cannot reuse
// for the next size stays behind as resident memory that holds nothing.
type churn struct {
	maxmemory int // bytes
	turns     int // how many times maxmemory each phase writes, in payload
}

// churnSizes are the mean value sizes of the phases, in bytes; sizes spread by half around them.
var churnSizes = []int{32, 512, 64, 4096, 128, 1024, 40}

// churnOverhead is about what a server adds to a key and value, in bytes, so that phases of small values end too.
const churnOverhead = 64

func (*churn) Name() string { return "churn" }

func (*churn) Short() string {
	return "memory that is held without use after values changed their sizes"
}

func (s *churn) About() string {
	return fmt.Sprintf(`With maxmemory at %d MiB and %s, new keys are written in phases with values of about %v bytes, each phase
%d times what fits. Resident memory over used_memory is measured after each phase: what is above 1 is memory that the
server holds without a use for it, and that a container's limit counts.`, s.maxmemory>>20, evictionPolicy, churnSizes, s.turns)
}

func (s *churn) Run(ctx context.Context, t *Target) ([]Figure, error) {
	if err := setLimit(t, int64(s.maxmemory), evictionPolicy); err != nil {
		return nil, err
	}
	random, values := numbers(), randomBytes(2*4096)
	worst, last := 0.0, 0.0
	known := false
	for phase, size := range churnSizes {
		n := int64(s.turns * s.maxmemory / (size + keyLength + churnOverhead))
		prefix := fmt.Sprintf("c%d:", phase)
		_, err := t.fill(ctx, fmt.Sprintf("churn, values of about %d bytes", size), n, func(dst []byte, i int64) []byte {
			dst = append(dst, "*3\r\n$3\r\nSET\r\n"...)
			dst = appendKey(dst, prefix, i, keyLength)
			return appendBulk(dst, values[:size/2+random.IntN(size)])
		})
		if err != nil {
			return nil, err
		}
		f, err := t.footprint(ctx)
		if err != nil {
			return nil, err
		}
		known, last = f.rssKnown, f.rss/f.used
		worst = max(worst, last)
	}
	figures := []Figure{
		{Name: "RSS / used_memory after the last phase", Unit: Factor, Better: Lower, Goal: limit(1.15), Value: last},
		{Name: "RSS / used_memory, worst phase", Unit: Factor, Better: Lower, Goal: limit(1.15), Value: worst},
	}
	for i := range figures {
		figures[i] = figures[i].unless(!known, errNoProcess.Error())
	}
	return figures, nil
}
