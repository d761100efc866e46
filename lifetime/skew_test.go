package lifetime

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"pgregory.net/rapid"

	"github.com/curfewkv/curfew/test/rig"
)

// hostTime is a clock of this host that moves only when told.
type hostTime struct {
	mu sync.Mutex
	t  time.Time
}

func newHostTime() *hostTime { return &hostTime{t: time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC)} }

func (h *hostTime) now() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.t
}

func (h *hostTime) pass(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.t = h.t.Add(d)
}

// trip is how long one question took to arrive, and its answer to come back.
type trip struct{ there, back time.Duration }

// skewedServer answers TIME with the host's time moved by ahead, after the given trips; it fails after the last.
type skewedServer struct {
	host  *hostTime
	ahead time.Duration
	trips []trip
}

var errUnplugged = errors.New("unplugged")

func (s *skewedServer) Time(ctx context.Context) *redis.TimeCmd {
	cmd := redis.NewTimeCmd(ctx, "time")
	if len(s.trips) == 0 {
		cmd.SetErr(errUnplugged)
		return cmd
	}
	t := s.trips[0]
	s.trips = s.trips[1:]
	s.host.pass(t.there)
	cmd.SetVal(s.host.now().Add(s.ahead).Truncate(time.Microsecond))
	s.host.pass(t.back)
	return cmd
}

func TestTheTrueOffsetIsWithinTheBound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		host := newHostTime()
		ahead := time.Duration(rapid.Int64Range(-int64(time.Hour), int64(time.Hour)).Draw(t, "ahead"))
		ms := rapid.Int64Range(0, int64(100*time.Millisecond))
		server := &skewedServer{host: host, ahead: ahead}
		shortest := time.Hour
		for range rapid.IntRange(1, 8).Draw(t, "samples") {
			tr := trip{time.Duration(ms.Draw(t, "there")), time.Duration(ms.Draw(t, "back"))}
			server.trips = append(server.trips, tr)
			shortest = min(shortest, tr.there+tr.back)
		}
		n := len(server.trips)
		got, err := measureOffset(t.Context(), server, n, hostClock{host.now(), host.now})
		if err != nil {
			t.Fatal(err)
		}
		if d := (got.Offset - ahead).Abs(); d > got.Bound {
			t.Fatalf("offset %v +/- %v, but it is %v", got.Offset, got.Bound, ahead)
		}
		if got.RoundTrip != shortest || got.Bound > shortest/2+time.Microsecond || got.Samples != n {
			t.Fatalf("%+v is not of the shortest round trip, %v", got, shortest)
		}
	})
}

func TestClockSkew(t *testing.T) {
	host := newHostTime()
	even := []trip{{time.Second, time.Second}, {time.Millisecond, time.Millisecond}, {time.Second, 0}}
	nodes := []ClockNode{
		{"a", &skewedServer{host: host, ahead: 2 * time.Second, trips: even}},
		{"gone", &skewedServer{host: host}},
		{"b", &skewedServer{host: host, ahead: -5 * time.Second, trips: even}},
		{"short", &skewedServer{host: host, ahead: time.Second, trips: even[:2]}},
	}
	metrics := NewRecorder()
	// One node at a time: the nodes share a clock that their trips move.
	var reports []SkewReport
	for _, n := range nodes {
		reports = append(reports, ClockSkew(t.Context(), []ClockNode{n}, ClockOptions{Samples: 3, now: host.now, Telemetry: Telemetry{Metrics: metrics}}))
	}
	if n := metrics.Series("redis_clock_skew_seconds"); n != 1 {
		t.Errorf("%d nodes are shown, want that of the last measurement", n)
	}
	report := SkewReport{}
	for _, r := range reports {
		report.Nodes = append(report.Nodes, r.Nodes...)
	}
	if err := report.Err(); !errors.Is(err, errUnplugged) || err.Error() != "clock of gone: unplugged" {
		t.Errorf("got error %v", err)
	}
	near := func(got, want time.Duration) bool { return (got - want).Abs() <= time.Microsecond }
	worst, ok := report.Worst()
	if !ok || worst.A != "a" || worst.B != "b" || !near(worst.Offset, -7*time.Second) || !near(worst.Bound, 2*time.Millisecond) {
		t.Errorf("worst is %v, %v", worst, ok)
	}
	if !near(worst.Proven(), 6998*time.Millisecond) || !near(worst.Possible(), 7002*time.Millisecond) {
		t.Errorf("proven %v, possible %v", worst.Proven(), worst.Possible())
	}
	if worst, ok := report.WorstFromHost(); !ok || worst.A != ThisHost || worst.B != "b" || !near(worst.Offset, -5*time.Second) {
		t.Errorf("worst from this host is %v, %v", worst, ok)
	}
	if short := report.Nodes[3]; short.Err != nil || short.Samples != 2 {
		t.Errorf("a node that failed after two answers: %+v", short)
	}
	if _, ok := (SkewReport{Nodes: report.Nodes[:2]}).Worst(); ok {
		t.Error("one clock alone has a skew")
	}
	if s := (Skew{Offset: -time.Millisecond, Bound: time.Second}); s.Proven() != 0 {
		t.Errorf("a skew within its bound is proven: %v", s.Proven())
	}
}

// pipeClient is connected in memory to a server that gives these answers, one to each command.
func pipeClient(t testing.TB, answer func(words []string) string) *redis.Client {
	client := redis.NewClient(&redis.Options{
		Protocol: 2, DisableIdentity: true, MaxRetries: -1,
		Dialer: func(context.Context, string, string) (net.Conn, error) {
			near, far := net.Pipe()
			go answerAll(far, answer)
			return near, nil
		},
	})
	t.Cleanup(func() { client.Close() })
	return client
}

func answerAll(c net.Conn, answer func(words []string) string) {
	defer c.Close()
	r := bufio.NewReader(c)
	for {
		request, err := rig.ReadReply(r)
		if err != nil {
			return
		}
		var words []string
		for _, item := range request.Items {
			words = append(words, item.Text)
		}
		// The client may still be writing the rest of a pipeline, and the pipe holds nothing.
		reply := []byte(answer(words))
		for r.Buffered() > 0 {
			if request, err = rig.ReadReply(r); err != nil {
				return
			}
			words = words[:0]
			for _, item := range request.Items {
				words = append(words, item.Text)
			}
			reply = append(reply, answer(words)...)
		}
		if _, err := c.Write(reply); err != nil {
			return
		}
	}
}

// timeAnswers knows TIME, and refuses all else as an old server would.
func timeAnswers(now func() time.Time) func([]string) string {
	return func(words []string) string {
		if len(words) != 1 || !strings.EqualFold(words[0], "TIME") {
			return "-ERR unknown command\r\n"
		}
		at := now()
		s, us := strconv.FormatInt(at.Unix(), 10), strconv.Itoa(at.Nanosecond()/1000)
		return fmt.Sprintf("*2\r\n$%d\r\n%s\r\n$%d\r\n%s\r\n", len(s), s, len(us), us)
	}
}

func TestClockSkewThroughAClient(t *testing.T) {
	redisServer := rig.Redis(t)
	curfew := rig.Curfew(t)
	dial := func(addr string) *redis.Client {
		client := redis.NewClient(&redis.Options{Addr: addr, MaxRetries: -1})
		t.Cleanup(func() { client.Close() })
		return client
	}
	report := ClockSkew(t.Context(), []ClockNode{
		{"redis", dial(redisServer.Addr)},
		{"curfew", dial(curfew.Addr)},
		{"nobody", dial("127.0.0.1:1")},
		{"hour", pipeClient(t, timeAnswers(func() time.Time { return time.Now().Add(time.Hour) }))},
	}, ClockOptions{})
	for _, n := range report.Nodes[:2] {
		if n.Err != nil || n.Offset.Abs() > n.Bound || n.Samples != 8 {
			t.Errorf("this host's own clock has a skew: %+v", n)
		}
	}
	if report.Nodes[2].Err == nil || report.Nodes[2].Node != "nobody" {
		t.Errorf("a closed port has a clock: %+v", report.Nodes[2])
	}
	if n := report.Nodes[3]; n.Err != nil || (n.Offset-time.Hour).Abs() > n.Bound {
		t.Errorf("an hour ahead is measured as %+v", n)
	}
	worst, ok := report.Worst()
	if !ok || worst.B != "hour" || worst.Proven() > time.Hour || worst.Possible() < time.Hour {
		t.Errorf("worst is %v", worst)
	}
}

func TestAServerThatRefusesTIMEIsAnError(t *testing.T) {
	server := rig.Redis(t, "--rename-command", "TIME", "")
	client := redis.NewClient(&redis.Options{Addr: server.Addr})
	defer client.Close()
	report := ClockSkew(t.Context(), []ClockNode{{"managed", client}}, ClockOptions{})
	if err := report.Err(); err == nil || !strings.HasPrefix(err.Error(), "clock of managed: ERR unknown command") {
		t.Errorf("got %v", err)
	}
}
