package reading

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/curfewkv/curfew/internal/toolkit/connect"
	"github.com/curfewkv/curfew/internal/toolkit/skew"
)

const (
	// refreshEvery is how often the topology is asked for while all is well; a node that fails brings it forward.
	refreshEvery = 30 * time.Second
	retryAfter   = time.Second
	// forgetAfter is how long a node is read, and missed, after it has left the topology. A replica that lost its primary
	// leaves it as well as one that was taken away.
	forgetAfter = time.Hour
)

// SourceOptions say what a Source reads.
type SourceOptions struct {
	Connect connect.Options
	Alone   bool          // the one server at the address, without its replicas
	Refresh time.Duration // of the topology; 0: 30 s
}

// A Source reads the nodes of a target. It begins whether or not a server is there, and follows failovers. Its methods may
// be called at the same time.
type Source struct {
	options SourceOptions
	kick    chan struct{} // asks for the topology early

	mu struct {
		sync.Mutex
		target *connect.Target // nil until a server answered
		nodes  map[string]*known
		err    error // why there is no target, or no newer topology
	}
}

// known is a node that was once found.
type known struct {
	client  *redis.Client
	replica bool
	listed  time.Time // when the topology last had it
}

// NewSource makes a source, which finds nodes once it runs.
func NewSource(options SourceOptions) *Source {
	if options.Refresh <= 0 {
		options.Refresh = refreshEvery
	}
	s := &Source{options: options, kick: make(chan struct{}, 1)}
	s.mu.nodes = map[string]*known{}
	return s
}

// Run finds the nodes, now and again, until ctx ends; then it closes all connections.
func (s *Source) Run(ctx context.Context) {
	defer s.close()
	for {
		err := s.refresh(ctx)
		s.mu.Lock()
		s.mu.err = err
		s.mu.Unlock()
		wait := s.options.Refresh
		if err != nil {
			wait = min(wait, retryAfter)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		case <-s.kick:
			// No faster than that: a dead node would otherwise have its neighbours asked without a pause.
			select {
			case <-ctx.Done():
				return
			case <-time.After(min(wait, retryAfter)):
			}
		}
	}
}

func (s *Source) close() {
	if target := s.Target(); target != nil {
		target.Close()
	}
}

// Target is what the source was pointed at; nil: nothing answered yet.
func (s *Source) Target() *connect.Target {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.mu.target
}

func (s *Source) refresh(ctx context.Context) error {
	target := s.Target()
	if target == nil {
		options := s.options.Connect
		options.Addrs = slices.Clone(options.Addrs) // Open completes them
		opened, err := connect.Open(ctx, options)
		if err != nil {
			return err
		}
		s.mu.Lock()
		s.mu.target, target = opened, opened
		s.mu.Unlock()
	}
	if s.options.Alone {
		client, ok := target.Client.(*redis.Client)
		if !ok {
			return fmt.Errorf("%s is not one server", s.name())
		}
		s.note(map[string]*known{s.name(): {client: client}})
		return nil
	}
	primaries, err := target.Primaries(ctx)
	if err != nil {
		return err
	}
	found := map[string]*known{}
	for _, p := range primaries {
		found[p.Addr] = &known{client: p.Client, replica: p.Replica}
		for _, r := range p.Replicas {
			found[r.Addr] = &known{client: r.Client, replica: true}
		}
	}
	s.note(found)
	return nil
}

func (s *Source) note(found map[string]*known) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	for addr, n := range found {
		n.listed = now
		s.mu.nodes[addr] = n
	}
	for addr, n := range s.mu.nodes {
		if now.Sub(n.listed) > forgetAfter {
			delete(s.mu.nodes, addr)
		}
	}
}

// name stands for the target as long as none of its nodes is known.
func (s *Source) name() string {
	o := s.options.Connect
	switch {
	case o.SentinelMaster != "":
		return o.SentinelMaster
	case o.URL != "":
		if parsed, err := redis.ParseURL(o.URL); err == nil {
			return parsed.Addr
		}
		return "target"
	case len(o.Addrs) > 0:
		return strings.Join(o.Addrs, ",")
	}
	return "127.0.0.1:6379"
}

// Read asks every known node at the same time. Nodes that have not answered when ctx ends are unreachable, and hold nobody
// up. There is always at least one reading.
func (s *Source) Read(ctx context.Context) []Reading {
	s.mu.Lock()
	why := s.mu.err
	clients := make(map[string]*redis.Client, len(s.mu.nodes))
	for addr, n := range s.mu.nodes {
		clients[addr] = n.client
	}
	s.mu.Unlock()
	if len(clients) == 0 {
		if why == nil {
			why = errors.New("not reached yet")
		}
		return []Reading{{Node: s.name(), At: time.Now(), Err: why}}
	}
	readings := make([]Reading, 0, len(clients))
	answers := make(chan Reading, len(clients))
	for addr, client := range clients {
		go func() { answers <- readNode(ctx, addr, client) }()
	}
	failed := false
	for range clients {
		r := <-answers
		failed = failed || r.Err != nil
		readings = append(readings, r)
	}
	if failed {
		s.Refresh()
	}
	slices.SortFunc(readings, func(a, b Reading) int { return strings.Compare(a.Node, b.Node) })
	return readings
}

// Refresh has the topology asked for soon.
func (s *Source) Refresh() {
	select {
	case s.kick <- struct{}{}:
	default:
	}
}

// readNode returns when ctx ends at the latest: the clients have ContextTimeoutEnabled.
func readNode(ctx context.Context, addr string, client *redis.Client) Reading {
	begin := time.Now()
	text, err := client.Info(ctx, "all").Result()
	r := Parse(text)
	r.Node, r.At, r.Took = addr, begin, time.Since(begin)
	switch {
	case connect.Refused(err):
		r.Refused = true
	case err != nil:
		r.Err = fmt.Errorf("%s: %w", addr, err)
	}
	return r
}

// Clocks are the nodes, to have their clocks compared.
func (s *Source) Clocks() []skew.Node {
	s.mu.Lock()
	defer s.mu.Unlock()
	var nodes []skew.Node
	for addr, n := range s.mu.nodes {
		role := skew.RolePrimary
		if n.replica {
			role = skew.RoleReplica
		}
		nodes = append(nodes, skew.NewNode(addr, role, n.client))
	}
	slices.SortFunc(nodes, func(a, b skew.Node) int { return strings.Compare(a.Name, b.Name) })
	return nodes
}
