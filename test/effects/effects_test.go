package effects

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/curfewkv/curfew/internal/command"
	"github.com/curfewkv/curfew/internal/eviction"
	"github.com/curfewkv/curfew/internal/journal"
	"github.com/curfewkv/curfew/internal/keyspace"
	"github.com/curfewkv/curfew/internal/session/sessiontest"
	"github.com/curfewkv/curfew/resp"
)

const (
	// ahead is how far the clock of a session is before those of the copies.
	ahead = 20 * 365 * 24 * time.Hour
	// steps of a session, and between two comparisons.
	steps, between = 4000, 200
	connections    = 4
)

// primary is the server of a session.
type primary struct {
	t      *testing.T
	g      *generator
	server *sessiontest.Server
	tx     *keyspace.Txn
	conns  []*sessiontest.Conn
	names  []string // of the write commands
	ran    map[string]int

	stream []byte
	last   journal.Block // without its bytes
	taken  int
	log    []string
}

// Follow keeps the stream.
func (p *primary) Follow(b *journal.Block) {
	if b.Number != p.last.Number+1 || b.Offset != int64(len(p.stream)) {
		p.t.Errorf("block %d at %d follows block %d, at %d", b.Number, b.Offset, p.last.Number, len(p.stream))
	}
	p.last = *b
	p.stream = append(p.stream, b.Bytes...)
}

func newPrimary(t *testing.T, seed uint64, ran map[string]int) *primary {
	s := sessiontest.New(t)
	s.Clock.StepWall(ahead)
	g := &generator{Rand: rand.New(rand.NewPCG(seed, 0)), clock: s.Clock}
	p := &primary{t: t, g: g, server: s, tx: s.Keyspace.NewTxn(), ran: ran}
	for _, spec := range s.Table.All() {
		if spec.Has(command.Write) {
			p.names = append(p.names, spec.Full)
		}
	}
	for range connections {
		p.conns = append(p.conns, s.Connect())
	}
	p.server.Keys.DebugCommand.Override(1)
	p.tx.Begin(s.Clock.Now(), 0, 0, true)
	p.tx.LockAll()
	p.tx.Follow(p)
	p.tx.Unlock()
	return p
}

// do runs a command on a connection and keeps it for the report of a failure.
func (p *primary) do(c *sessiontest.Conn, args ...string) string {
	reply := strings.Join(c.Do(args...), " ")
	p.log = append(p.log, fmt.Sprintf("%d: %.300q -> %.100s", c.ID, args, reply))
	return reply
}

// write runs a drawn write command.
func (p *primary) write(c *sessiontest.Conn) {
	name := p.names[p.g.IntN(len(p.names))]
	if n := rare[name]; n > 0 && p.g.IntN(n) > 0 {
		return
	}
	args := append(strings.Split(name, "|"), writes[name](p.g)...)
	if reply := p.do(c, args...); reply == "" || reply[0] != '-' {
		p.ran[name]++
	}
}

func (p *primary) command(c *sessiontest.Conn) {
	if p.g.chance(20) {
		p.do(c, others[p.g.IntN(len(others))](p.g)...)
		return
	}
	p.write(c)
}

// transaction runs a MULTI block, often under WATCH, with others in between.
func (p *primary) transaction(c *sessiontest.Conn) {
	if p.g.chance(40) {
		p.do(c, append([]string{"WATCH"}, p.g.keys()...)...)
	}
	p.do(c, "MULTI")
	for range p.g.IntN(6) {
		p.command(c)
		if other := p.conns[p.g.IntN(len(p.conns))]; other != c && p.g.chance(20) {
			p.write(other)
		}
	}
	p.do(c, p.g.one("EXEC", "EXEC", "EXEC", "EXEC", "DISCARD"))
}

// shard is a random shard, and budget of time for a slice that is done in one go.
func (p *primary) shard() int { return p.g.IntN(p.server.Keyspace.Shards()) }

const budget = time.Second

// memory sets a limit at about what is used, or takes it away.
func (p *primary) memory() {
	k := p.server.Keyspace
	limit := int64(0)
	if p.g.chance(60) {
		limit = max(1, k.Used()+int64(p.g.IntN(4000))-1500)
	}
	policy := eviction.Policy(p.g.IntN(int(eviction.VolatileTTL) + 1))
	p.do(p.conns[0], "CONFIG", "SET", "maxmemory-policy", policy.String(), "maxmemory", strconv.FormatInt(limit, 10))
}

// step does one thing.
func (p *primary) step() {
	c := p.conns[p.g.IntN(len(p.conns))]
	s := p.server
	switch n := p.g.IntN(100); {
	case n < 70:
		p.command(c)
	case n < 80:
		p.transaction(c)
	case n < 85:
		d := p.g.pass()
		p.log = append(p.log, fmt.Sprint("pass ", d))
		s.Clock.Advance(d)
	case n < 89:
		p.tx.ExpireSlice(p.shard(), s.Clock.Now(), budget, s.Clock)
	case n < 91:
		d := p.g.step()
		p.log = append(p.log, fmt.Sprint("step ", d))
		s.Clock.StepWall(d)
	case n < 95:
		p.tx.RestateSlice(p.shard(), s.Clock.Now(), budget, s.Clock)
	case n < 97:
		p.memory()
	case n < 98:
		// As CLIENT PAUSE does: what is due stays, and is not seen.
		s.Keyspace.Settings.HoldExpiry.Store(p.g.chance(50))
	case n < 99:
		p.do(p.conns[0], "CONFIG", "SET", "expire-clock", p.g.one("wall", "monotonic", "monotonic"))
	default:
		p.tx.MakeRoom(s.Clock.Now(), int64(p.g.IntN(3000)), s.Clock)
	}
}

// settle does what the event loops have left to do.
func (p *primary) settle() {
	s := p.server
	s.Keyspace.Settings.HoldExpiry.Store(false)
	for shard := range s.Keyspace.Shards() {
		for p.tx.ExpireSlice(shard, s.Clock.Now(), budget, s.Clock) {
		}
		for p.tx.RestateSlice(shard, s.Clock.Now(), budget, s.Clock) {
		}
	}
}

// compare lets the copies run what is new of the stream and holds them against the primary.
func (p *primary) compare(copies []copied) {
	p.t.Helper()
	p.settle()
	fresh := p.stream[p.taken:]
	p.taken = len(p.stream)
	mine := stateOf(p.server.Node)
	for _, c := range copies {
		c.run(p.t, fresh)
		if diff := mine.differences(c.state(p.t)); diff != nil {
			p.t.Errorf("%s differs after %d bytes of the stream:\n%s", c.name(), len(p.stream), strings.Join(diff, "\n"))
		}
	}
	if p.t.Failed() {
		tail := p.log[max(0, len(p.log)-400):]
		p.t.Fatalf("the session ends with\n%s\nthe stream with\n%s", strings.Join(tail, "\n"), strings.Join(lines(p.t, fresh), "\n"))
	}
}

// effects are the commands that a stream is made of.
var effects = []string{
	"SELECT", "MULTI", "EXEC", "SET", "APPEND", "SETRANGE", "SETBIT", "PEXPIREAT", "PERSIST", "DEL", "UNLINK", "RENAME", "COPY", "MOVE",
	"SWAPDB", "FLUSHDB", "FLUSHALL",
}

// count counts the commands of a stream.
func count(t *testing.T, stream []byte) map[string]int {
	out := map[string]int{}
	for _, args := range parse(t, stream) {
		if out[string(args[0])]++; !slices.Contains(effects, string(args[0])) {
			t.Errorf("the stream has a %s", args[0])
		}
	}
	return out
}

// parse takes a stream apart.
func parse(t *testing.T, stream []byte) (out [][][]byte) {
	t.Helper()
	var p resp.Parser
	for len(stream) > 0 {
		args, n, err := p.Next(stream, nil, &resp.Limits{})
		if err != nil || n == 0 {
			t.Fatalf("the stream goes on with %.100q: %v", stream, err)
		}
		out, stream = append(out, args), stream[n:]
	}
	return out
}

// lines shows a stream.
func lines(t *testing.T, stream []byte) (out []string) {
	for _, args := range parse(t, stream) {
		out = append(out, fmt.Sprintf("%.200q", args))
	}
	return out
}

func envInt(name string, otherwise int) int {
	if n, err := strconv.Atoi(os.Getenv(name)); err == nil {
		return n
	}
	return otherwise
}

func TestTheStreamOfEffectsGivesTheSameKeys(t *testing.T) {
	seed := uint64(envInt("CURFEW_EFFECTS_SEED", int(time.Now().UnixNano())))
	ran, stated := map[string]int{}, map[string]int{}
	server := newRedis(t)
	if server == nil {
		t.Log("redis-server is not installed: the stream is run by a node alone")
	}
	for i := range uint64(envInt("CURFEW_EFFECTS_SESSIONS", 12)) {
		ok := t.Run(fmt.Sprintf("seed=%d", seed+i), func(t *testing.T) {
			p := newPrimary(t, seed+i, ran)
			copies := []copied{newCurfew(t)}
			if server != nil {
				server.do(t, "FLUSHALL")
				copies = append(copies, server)
			}
			for n := range steps {
				p.step()
				if (n+1)%between == 0 {
					p.compare(copies)
				}
			}
			t.Logf("%d blocks, %d bytes, %d keys at the end", p.last.Number, len(p.stream), len(stateOf(p.server.Node)))
			for name, n := range count(t, p.stream) {
				stated[name] += n
			}
		})
		if !ok {
			break
		}
	}
	t.Log("the stream had ", stated)
	if t.Failed() || os.Getenv("CURFEW_EFFECTS_SEED") != "" {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(writes)) {
		if ran[name] == 0 {
			t.Errorf("%s never ran without an error", name)
		}
	}
	for _, name := range effects {
		if stated[name] == 0 {
			t.Errorf("%s was never stated", name)
		}
	}
}

// Every write command of the table has a generator, and every generator a command: who adds a command is told here.
func TestEveryWriteCommandIsGenerated(t *testing.T) {
	known := map[string]bool{}
	for _, spec := range sessiontest.New(t).Table.All() {
		if known[spec.Full] = spec.Has(command.Write); known[spec.Full] && writes[spec.Full] == nil {
			t.Errorf("%s writes and is not generated: add it to writes", spec.Full)
		}
	}
	for name := range writes {
		if !known[name] {
			t.Errorf("%s is generated and is no write command", name)
		}
	}
}
