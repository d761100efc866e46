package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/curfewkv/curfew/resp"
)

// lag measures how long after its deadline a key's `expired` event arrives, beside many keys that are not due.
type lag struct {
	background int
	wait       time.Duration
}

const (
	lagProbes = 1000
	lagPrefix = "probe:"
)

func (*lag) Name() string { return "lag" }

func (*lag) Short() string { return "how punctual `expired` events are" }

func (s *lag) About() string {
	return fmt.Sprintf("%s keys get one deadline, beside %s others that are due hours later. A subscriber to\n"+
		"`__keyevent@0__:expired` notes when each event arrives; nobody touches the keys. An event that has not arrived after\n"+
		"%v counts as later than that: a percentile marked >= would need it. Early ones must not exist.",
		thousands(lagProbes), thousands(int64(s.background)), s.wait)
}

func (s *lag) Run(ctx context.Context, t *Target) ([]Figure, error) {
	if err := t.do("CONFIG", "SET", "notify-keyspace-events", "Ex"); err != nil {
		return nil, err
	}
	const hour = 3600
	_, err := t.fill(ctx, "volatile keys", int64(s.background),
		setWith("bg:", randomBytes(smallValue), "EX", func(i int64) int64 { return hour + i%hour }))
	if err != nil {
		return nil, err
	}
	deadline := time.Now().Add(time.Second).Truncate(time.Millisecond)
	events, err := subscribe(t.Addr, "__keyevent@0__:expired")
	if err != nil {
		return nil, err
	}
	defer events.Close()
	_, err = t.fill(ctx, "probes", lagProbes,
		setWith(lagPrefix, []byte("x"), "PXAT", func(int64) int64 { return deadline.UnixMilli() }))
	if err != nil {
		return nil, err
	}
	if time.Now().After(deadline) {
		return nil, errors.New("the machine is too busy: the deadline passed before all keys were there")
	}
	lags, err := s.receive(ctx, events, deadline)
	if err != nil {
		return nil, err
	}
	return s.figures(lags), nil
}

// subscribe opens a connection that receives a channel's messages.
func subscribe(addr, channel string) (*resp.Conn, error) {
	conn, err := resp.Dial(addr)
	if err != nil {
		return nil, err
	}
	v, err := conn.Do("SUBSCRIBE", channel)
	if err == nil {
		err = v.Err()
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("SUBSCRIBE: %w", err), conn.Close())
	}
	return conn, nil
}

// receive collects the lags of the probes' events until all are there or the time is over.
func (s *lag) receive(ctx context.Context, events *resp.Conn, deadline time.Time) (distribution, error) {
	if err := events.SetReadDeadline(deadline.Add(s.wait)); err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { _ = events.Close() })
	defer stop()
	var lags distribution
	for len(lags) < lagProbes {
		v, err := events.Receive()
		if errors.Is(err, os.ErrDeadlineExceeded) {
			break
		}
		if err != nil {
			return nil, errors.Join(fmt.Errorf("events: %w", err), ctx.Err())
		}
		if len(v.Array) == 3 && v.Array[0].Str == "message" && strings.HasPrefix(v.Array[2].Str, lagPrefix) {
			lags = append(lags, time.Since(deadline))
		}
	}
	slices.Sort(lags)
	return lags, nil
}

func (s *lag) figures(lags distribution) []Figure {
	early := 0
	for _, l := range lags {
		if l < 0 {
			early++
		}
	}
	beside := " beside " + thousands(int64(s.background)) + " keys"
	at := func(q float64, goal *Goal) Figure {
		f := Figure{Name: "p" + strconv.FormatFloat(q*100, 'g', -1, 64) + " lag" + beside, Unit: Millis, Better: Lower, Goal: goal}
		if q*lagProbes > float64(len(lags)) { // the quantile is one of those that did not arrive
			f.Value, f.AtLeast = millis(s.wait), true
			return f
		}
		f.Value = millis(lags[int(q*lagProbes)-1])
		return f
	}
	return []Figure{
		{Name: "events within " + s.wait.String() + beside, Unit: Count, Better: Higher, Goal: limit(lagProbes), Value: float64(len(lags))},
		at(.5, nil),
		at(.99, limit(5)),
		{Name: "early events", Unit: Count, Better: Lower, Goal: limit(0), Value: float64(early)},
	}
}
