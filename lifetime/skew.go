package lifetime

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// ThisHost is the name under which the host that measures appears in a Skew.
const ThisHost = "this host"

// skewAtOnce bounds how many nodes are measured at the same time: more would make each other's round trips, and with
// them the error bounds, longer.
const skewAtOnce = 8

// A TimeSource is a server whose clock can be read: *redis.Client, *redis.Conn, *redis.Ring's shards and the like.
// A *redis.ClusterClient is none, although it has the method: it would ask another node each time. ClusterClockNodes
// takes it apart.
type TimeSource interface {
	Time(ctx context.Context) *redis.TimeCmd
}

// checkSource refuses what is no single clock, and what would fail later on a goroutine of its own.
func checkSource(server TimeSource) error {
	switch server.(type) {
	case nil:
		return errNoClient
	case *redis.ClusterClient, *redis.Ring:
		return fmt.Errorf("a %T has a clock in each of its nodes", server)
	}
	return nil
}

// A ClockNode is a server by a name, which appears in the report and as a label.
type ClockNode struct {
	Name   string
	Server TimeSource
}

// ClusterClockNodes returns all primaries and replicas of a Cluster, named by their addresses.
func ClusterClockNodes(ctx context.Context, cluster *redis.ClusterClient) ([]ClockNode, error) {
	var mu sync.Mutex
	var nodes []ClockNode
	err := cluster.ForEachShard(ctx, func(_ context.Context, node *redis.Client) error {
		mu.Lock()
		defer mu.Unlock()
		nodes = append(nodes, ClockNode{Name: node.Options().Addr, Server: node})
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("nodes of the cluster: %w", err)
	}
	slices.SortFunc(nodes, func(a, b ClockNode) int { return strings.Compare(a.Name, b.Name) })
	return nodes, nil
}

// ClockOptions say how clocks are read. The zero value is fit for use.
type ClockOptions struct {
	Samples   int // readings of each clock, of which the one with the shortest round trip counts; 0: 8
	Telemetry Telemetry

	now func() time.Time // for tests; nil: time.Now
}

func (o ClockOptions) clock() func() time.Time {
	if o.now != nil {
		return o.now
	}
	return time.Now
}

func (o ClockOptions) samples() int {
	if o.Samples <= 0 {
		return 8
	}
	return o.Samples
}

// A ClockReading is what was learnt of the clock of a node.
type ClockReading struct {
	Node string
	ClockOffset
	Err error // the node could not be asked; the offset means nothing then
}

// A SkewReport holds the clocks of all nodes, in the order in which they were given.
type SkewReport struct {
	At    time.Time // of this host, when the measurement began
	Nodes []ClockReading
}

// ClockSkew compares the clocks of the nodes with each other and with this host's. Each offset comes with the bound of
// its error, which is half of the round trip: what is closer together than the bounds cannot be told apart from here.
//
// A node that cannot be asked has its error in the report and does not lose the others. How long a node may hang is up
// to its client: its ReadTimeout and MaxRetries, or ctx if ContextTimeoutEnabled is set.
func ClockSkew(ctx context.Context, nodes []ClockNode, o ClockOptions) SkewReport {
	ctx, end := o.Telemetry.span(ctx, "lifetime.ClockSkew", slog.Int("lifetime.nodes", len(nodes)))
	host := hostClock{epoch: o.clock()(), now: o.clock()}
	report := SkewReport{At: host.epoch, Nodes: make([]ClockReading, len(nodes))}
	var wg sync.WaitGroup
	free := make(chan struct{}, skewAtOnce)
	for i, node := range nodes {
		free <- struct{}{}
		wg.Go(func() {
			defer func() { <-free }()
			var offset ClockOffset
			err := checkSource(node.Server)
			if err == nil {
				offset, err = measureOffset(ctx, node.Server, o.samples(), host)
			}
			if err != nil {
				err = fmt.Errorf("clock of %s: %w", node.Name, err)
			}
			report.Nodes[i] = ClockReading{Node: node.Name, ClockOffset: offset, Err: err}
		})
	}
	wg.Wait()
	o.Telemetry.show(report)
	end(report.Err())
	return report
}

// Err joins the errors of the nodes that could not be asked.
func (r SkewReport) Err() error {
	var all []error
	for _, n := range r.Nodes {
		all = append(all, n.Err)
	}
	return errors.Join(all...)
}

// A Skew is by how much the clock of B is ahead of A's, give or take Bound. A negative Offset says that it is behind.
type Skew struct {
	A, B          string
	Offset, Bound time.Duration
}

// Proven is the skew that there is in any case; 0: within the error bound, the clocks may agree.
func (s Skew) Proven() time.Duration { return max(0, s.Offset.Abs()-s.Bound) }

// Possible is the skew that there is at most.
func (s Skew) Possible() time.Duration { return s.Offset.Abs() + s.Bound }

func (s Skew) String() string {
	return fmt.Sprintf("%s is %v +/- %v ahead of %s", s.B, s.Offset, s.Bound, s.A)
}

// Worst is the widest skew between any two nodes; ok is false when fewer than two could be asked.
func (r SkewReport) Worst() (worst Skew, ok bool) {
	for i, a := range r.Nodes {
		for _, b := range r.Nodes[i+1:] {
			if a.Err != nil || b.Err != nil {
				continue
			}
			skew := Skew{A: a.Node, B: b.Node, Offset: b.Offset - a.Offset, Bound: a.Bound + b.Bound}
			if !ok || skew.Offset.Abs() > worst.Offset.Abs() {
				worst, ok = skew, true
			}
		}
	}
	return worst, ok
}

// WorstFromHost is the skew of the node whose clock differs most from this host's; ok is false when none could be asked.
func (r SkewReport) WorstFromHost() (worst Skew, ok bool) {
	for _, n := range r.Nodes {
		if n.Err != nil {
			continue
		}
		if skew := (Skew{A: ThisHost, B: n.Node, Offset: n.Offset, Bound: n.Bound}); !ok || skew.Offset.Abs() > worst.Offset.Abs() {
			worst, ok = skew, true
		}
	}
	return worst, ok
}
