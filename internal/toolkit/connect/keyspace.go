package connect

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// A Keyspace is one database of one primary: what a walk over keys walks.
type Keyspace struct {
	Node   *Node // the primary, or the replica that is looked at instead of it
	DB     int
	Client *redis.Client // of that database on that node

	// As INFO keyspace tells, which costs a server nothing. -1: INFO is refused.
	Keys    int64
	Expires int64
	AvgTTL  time.Duration
}

// Name tells a keyspace apart from the others of its target, in reports.
func (k Keyspace) Name() string { return fmt.Sprintf("%s/%d", k.Node.Addr, k.DB) }

// ID is the name for saved states: a SCAN cursor is worth nothing to another run of the server, or to another server.
func (k Keyspace) ID() string {
	if k.Node.RunID == "" {
		return k.Name()
	}
	return fmt.Sprintf("%s/%d", k.Node.RunID, k.DB)
}

// Keyspaces lists what is to be walked: the chosen database of each primary, or all that have keys. With fromReplicas, each
// primary is looked at through a replica that is in step, if it has one: for tools that change nothing.
func (t *Target) Keyspaces(ctx context.Context, fromReplicas bool) ([]Keyspace, error) {
	primaries, err := t.Primaries(ctx)
	if err != nil {
		return nil, err
	}
	var all []Keyspace
	for _, n := range primaries {
		if fromReplicas {
			n = n.Reader()
		}
		part, err := n.keyspaces(ctx)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", n.Addr, err)
		}
		all = append(all, part...)
	}
	return all, nil
}

func (n *Node) keyspaces(ctx context.Context) ([]Keyspace, error) {
	text, err := n.Client.Info(ctx, "keyspace").Result()
	if err != nil {
		if !Refused(err) {
			return nil, err
		}
		if n.target.options.AllDBs {
			return nil, fmt.Errorf("--all-dbs: %w", err)
		}
		return n.countedByDBSize(ctx)
	}
	counted := map[int]Keyspace{}
	for name, value := range Fields(text) {
		db, err := strconv.Atoi(strings.TrimPrefix(name, "db"))
		if err != nil || !strings.HasPrefix(name, "db") {
			continue
		}
		counted[db] = n.keyspace(db, value)
	}
	if !n.target.options.AllDBs {
		db := n.target.base.DB
		if k, ok := counted[db]; ok {
			return []Keyspace{k}, nil
		}
		return []Keyspace{n.keyspace(db, "")}, nil // empty databases are not listed
	}
	all := make([]Keyspace, 0, len(counted))
	for _, k := range counted {
		all = append(all, k)
	}
	slices.SortFunc(all, func(a, b Keyspace) int { return a.DB - b.DB })
	return all, nil
}

// keyspace reads a line such as keys=3,expires=1,avg_ttl=2000,subexpiry=0.
func (n *Node) keyspace(db int, line string) Keyspace {
	k := Keyspace{Node: n, DB: db, Client: n.DB(db)}
	for _, pair := range strings.Split(line, ",") {
		name, value, _ := strings.Cut(pair, "=")
		number, err := strconv.ParseInt(value, 10, 64)
		if err != nil {
			continue
		}
		switch name {
		case "keys":
			k.Keys = number
		case "expires":
			k.Expires = number
		case "avg_ttl":
			k.AvgTTL = time.Duration(number) * time.Millisecond
		}
	}
	return k
}

func (n *Node) countedByDBSize(ctx context.Context) ([]Keyspace, error) {
	db := n.target.base.DB
	k := Keyspace{Node: n, DB: db, Client: n.DB(db), Keys: -1, Expires: -1}
	size, err := k.Client.DBSize(ctx).Result()
	switch {
	case err == nil:
		k.Keys = size
	case !Refused(err):
		return nil, err
	}
	return []Keyspace{k}, nil
}

// Fields reads INFO's text: lines of name:value, comments aside.
func Fields(text string) map[string]string {
	fields := map[string]string{}
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		if name, value, ok := strings.Cut(line, ":"); ok && !strings.HasPrefix(line, "#") {
			fields[name] = value
		}
	}
	return fields
}
