package connect

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/redis/go-redis/v9"
)

// Mode is how the servers work together.
type Mode string

const (
	Standalone Mode = "standalone" // one server, perhaps with replicas
	Sentinel   Mode = "sentinel"
	Cluster    Mode = "cluster"
)

// A Target is what a tool was pointed at. Its methods may be called at the same time.
type Target struct {
	Mode Mode
	// Client sends a command to the node that has its key, and follows failovers and moved slots.
	Client redis.UniversalClient

	options Options
	base    *redis.Options
	addrs   []string

	mu      sync.Mutex
	clients map[string]*redis.Client // by address, role and database; closed with the target
}

// Open connects, and finds out which mode the servers are in. The error says which address could not be reached.
func Open(ctx context.Context, options Options) (*Target, error) {
	base, addrs, err := options.base()
	if err != nil {
		return nil, err
	}
	t := &Target{options: options, base: base, addrs: addrs, clients: map[string]*redis.Client{}}
	if t.Mode, err = t.findMode(ctx); err != nil {
		t.Close()
		return nil, err
	}
	switch t.Mode {
	case Sentinel:
		t.Client = redis.NewFailoverClient(t.failoverOptions())
	case Cluster:
		if base.DB != 0 {
			t.Close()
			return nil, fmt.Errorf("--db %d: a Cluster has database 0 only", base.DB)
		}
		t.Client = redis.NewClusterClient(t.clusterOptions())
	default:
		t.Client = t.client(addrs[0], base.DB, false)
	}
	if err := t.Client.Ping(ctx).Err(); err != nil && !Refused(err) {
		t.Close()
		return nil, fmt.Errorf("%s: %w", strings.Join(addrs, ", "), t.explain(err))
	}
	return t, nil
}

// findMode asks the first server that answers.
func (t *Target) findMode(ctx context.Context) (Mode, error) {
	if t.options.SentinelMaster != "" {
		// The client asks again and again, for longer than anybody wants to wait, and does not say what the matter is.
		return Sentinel, t.askSentinels(ctx, func(s *redis.SentinelClient) error {
			_, err := t.master(ctx, s)
			return err
		})
	}
	switch t.options.Cluster {
	case "yes":
		return Cluster, nil
	case "no":
		return t.standalone()
	case "", "auto":
	default:
		return "", fmt.Errorf("--cluster %s: auto, yes or no", t.options.Cluster)
	}
	var failed []error
	for _, addr := range t.addrs {
		clustered, err := isCluster(ctx, t.client(addr, 0, false))
		switch {
		case err != nil:
			failed = append(failed, fmt.Errorf("%s: %w", addr, t.explain(err)))
		case clustered:
			return Cluster, nil
		default:
			return t.standalone()
		}
	}
	return "", errors.Join(failed...)
}

func (t *Target) standalone() (Mode, error) {
	if len(t.addrs) > 1 {
		return "", fmt.Errorf("%s is not a node of a Cluster: give one --addr, or --sentinel-master", t.addrs[0])
	}
	return Standalone, nil
}

// isCluster reports whether a server runs in cluster mode, by INFO or, where that is refused, by CLUSTER SLOTS.
func isCluster(ctx context.Context, c *redis.Client) (bool, error) {
	text, err := c.Info(ctx, "server").Result()
	if err == nil {
		switch Fields(text)["redis_mode"] {
		case "sentinel":
			return false, errors.New("this is a Sentinel: name the master with --sentinel-master")
		case "cluster":
			return true, nil
		case "standalone":
			return false, nil
		}
	} else if !Refused(err) {
		return false, err
	}
	slots, err := c.ClusterSlots(ctx).Result()
	switch {
	case err == nil:
		return len(slots) > 0, nil
	case Refused(err), strings.Contains(err.Error(), "cluster support disabled"):
		return false, nil
	}
	return false, err
}

func (t *Target) failoverOptions() *redis.FailoverOptions {
	b := t.base
	return &redis.FailoverOptions{
		MasterName: t.options.SentinelMaster, SentinelAddrs: t.addrs,
		SentinelUsername: t.options.SentinelUser, SentinelPassword: t.options.SentinelPass,
		Username: b.Username, Password: b.Password, DB: b.DB, TLSConfig: b.TLSConfig,
		DialTimeout: b.DialTimeout, ReadTimeout: b.ReadTimeout, WriteTimeout: b.WriteTimeout,
		ContextTimeoutEnabled: true, DisableIdentity: true,
		OnConnect: func(ctx context.Context, c *redis.Conn) error { introduce(ctx, c); return nil },
	}
}

func (t *Target) clusterOptions() *redis.ClusterOptions {
	b := t.base
	return &redis.ClusterOptions{
		Addrs: t.addrs, Username: b.Username, Password: b.Password, TLSConfig: b.TLSConfig,
		DialTimeout: b.DialTimeout, ReadTimeout: b.ReadTimeout, WriteTimeout: b.WriteTimeout,
		ContextTimeoutEnabled: true, DisableIdentity: true,
		OnConnect:                func(ctx context.Context, c *redis.Conn) error { introduce(ctx, c); return nil },
		MaintNotificationsConfig: b.MaintNotificationsConfig,
	}
}

// client returns the client for one database of one node; the target closes it.
func (t *Target) client(addr string, db int, replicaOfCluster bool) *redis.Client {
	name := fmt.Sprintf("%s/%d/%v", addr, db, replicaOfCluster)
	t.mu.Lock()
	defer t.mu.Unlock()
	c := t.clients[name]
	if c == nil {
		o := forNode(t.base, addr, replicaOfCluster)
		o.DB = db
		c = redis.NewClient(o)
		t.clients[name] = c
	}
	return c
}

// Close closes every connection.
func (t *Target) Close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, c := range t.clients {
		_ = c.Close()
	}
	if t.Client != nil && t.Mode != Standalone {
		_ = t.Client.Close()
	}
}

// Refused reports whether a server does not do a command: unknown, renamed away, or not allowed to this user. Managed
// services answer in one of these ways for CONFIG, DEBUG and others.
func Refused(err error) bool {
	if err == nil {
		return false
	}
	text := strings.ToLower(err.Error())
	for _, sign := range []string{"unknown command", "unknown subcommand", "noperm", "unsupported command", "command is not allowed", "command is disabled"} {
		if strings.Contains(text, sign) {
			return true
		}
	}
	return false
}

// Moved reports whether an error is about where one key is: its slot belongs to another node, or is on its way there. The
// server that says so is well.
func Moved(err error) bool {
	if err == nil {
		return false
	}
	text := err.Error()
	for _, sign := range []string{"MOVED ", "ASK ", "TRYAGAIN"} {
		if strings.HasPrefix(text, sign) || strings.Contains(text, ": "+sign) {
			return true
		}
	}
	return false
}
