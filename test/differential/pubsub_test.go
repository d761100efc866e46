package differential

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/curfewkv/curfew/test/rig"
	"pgregory.net/rapid"
)

// subscribers is the number of subscribing connections in TestPubSub; the first speaks RESP2, the second RESP3.
const subscribers = 2

// pubsubForms are what the subscribers send, and what the publisher sends.
var (
	subscriberForms = []string{
		"SUBSCRIBE (chan)+", "PSUBSCRIBE (glob)+", "SSUBSCRIBE chan", "UNSUBSCRIBE [chan|chan chan]", "PUNSUBSCRIBE [glob|glob glob]",
		"SUNSUBSCRIBE [chan]", "GET key", "PING", "PING val", "PUBLISH chan val", "SUBSCRIBE", "SELECT db",
	}
	publisherForms = []string{
		"PUBLISH chan val", "PUBLISH chan val", "PUBLISH chan val", "SPUBLISH chan val", "PUBSUB CHANNELS [glob]", "PUBSUB NUMSUB [chan|chan chan]",
		"PUBSUB NUMPAT", "PUBSUB SHARDCHANNELS [glob]", "PUBSUB SHARDNUMSUB [chan]", "PUBSUB NOSUCH", "PUBLISH chan", "SET key val", "DEL key",
	}
)

// TestPubSub compares what every subscriber sees after each command. A message must be in the subscriber's stream
// before the publisher has its reply: what a client learns from the reply to PUBLISH (and does after it) is the same
// as on Redis.
func TestPubSub(t *testing.T) {
	p := &pubsubPair{servers: [2]*rig.Server{rig.Redis(t), rig.Curfew(t)}}
	defer p.end()
	var toSubscribe, toPublish []node
	for _, text := range subscriberForms {
		toSubscribe = append(toSubscribe, mustParse(t, text))
	}
	for _, text := range publisherForms {
		toPublish = append(toPublish, mustParse(t, text))
	}
	sequences := rapid.Custom(func(t *rapid.T) plan {
		g := &generator{}
		var steps plan
		for range rapid.IntRange(1, 30).Draw(t, "length") {
			s := step{client: rapid.IntRange(0, subscribers).Draw(t, "client")}
			forms := toPublish
			if s.client < subscribers {
				forms = toSubscribe
			}
			s.pipeline = [][]string{rapid.SampledFrom(forms).Draw(t, "form").generate(t, g)}
			steps = append(steps, s)
		}
		return steps
	})
	repeat(t, budget(t, 0.1), func(rt *rapid.T) {
		steps := sequences.Draw(rt, "sequence")
		if err := p.run(steps); err != nil {
			rt.Fatalf("%s", err)
		}
	})
}

func mustParse(t *testing.T, text string) node {
	t.Helper()
	n, err := parseGrammar(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// A pubsubPair is the two servers with subscribers and a publisher (the last connection).
type pubsubPair struct {
	servers [2]*rig.Server
	conns   [2][subscribers + 1]*rig.Conn
	token   int
}

func (p *pubsubPair) end() {
	for i := range p.conns {
		for _, c := range p.conns[i] {
			if c != nil {
				c.Close()
			}
		}
	}
}

func (p *pubsubPair) begin() error {
	p.end()
	for i, s := range p.servers {
		if !s.Alive() {
			if err := s.Restart(); err != nil {
				return err
			}
		}
		for c := range p.conns[i] {
			conn, err := rig.Dial(s)
			if err != nil {
				return err
			}
			p.conns[i][c] = conn
		}
		if _, err := p.conns[i][1].Do("HELLO", "3"); err != nil {
			return err
		}
	}
	return nil
}

func (p *pubsubPair) run(steps plan) error {
	if err := p.begin(); err != nil {
		return err
	}
	var log []string
	for _, s := range steps {
		args := s.pipeline[0]
		log = append(log, fmt.Sprintf("%d> %s", s.client, quoted(args)))
		var seen [2][subscribers + 1][]string
		for i, server := range p.servers {
			if err := p.conns[i][s.client].Send(rig.Encode(nil, args...)); err != nil {
				return fmt.Errorf("%s: %w", server.Name, err)
			}
			// The connection that spoke first: its command is done when its sentinel is answered.
			for _, c := range []int{s.client, 0, 1, 2} {
				lines, err := p.drain(i, c)
				if err != nil {
					return fmt.Errorf("%s: connection %d after\n  %s\n%w\n%s", server.Name, c, strings.Join(log, "\n  "), err, crash(server))
				}
				seen[i][c] = append(seen[i][c], lines...)
			}
		}
		for c := range subscribers + 1 {
			if redis, curfew := canonical(args, seen[0][c]), canonical(args, seen[1][c]); !slices.Equal(redis, curfew) {
				return fmt.Errorf("[%s] connection %d sees something else after\n  %s\n  redis:  %s\n  curfew: %s", commandName(args), c,
					strings.Join(log, "\n  "), strings.Join(redis, " | "), strings.Join(curfew, " | "))
			}
		}
	}
	return nil
}

// drain sends PING with a token of its own and returns what comes before its answer.
func (p *pubsubPair) drain(server, conn int) ([]string, error) {
	p.token++
	token := "token" + strconv.Itoa(p.token)
	c := p.conns[server][conn]
	if err := c.Send(rig.Encode(nil, "PING", token)); err != nil {
		return nil, err
	}
	var lines []string
	for {
		reply, err := c.Read()
		if err != nil {
			return lines, err
		}
		if reply.Text == token || len(reply.Items) == 2 && reply.Items[1].Text == token {
			return lines, nil
		}
		lines = append(lines, string(reply.Raw))
	}
}

// canonical brings what a connection has seen after one command into a comparable order. Redis keeps channels and
// patterns in hash tables: which of several patterns gets a message first, and the order in which "all" are
// unsubscribed or listed, is not part of the protocol.
func canonical(args []string, lines []string) []string {
	name := commandName(args)
	switch {
	case name == "PUBSUB CHANNELS" || name == "PUBSUB SHARDCHANNELS":
		var words []string
		for _, line := range lines {
			words = append(words, strings.Split(line, "\r\n")...)
		}
		slices.Sort(words)
		return words
	case name == "PUBLISH":
		slices.Sort(lines)
	case strings.HasSuffix(name, "UNSUBSCRIBE") && len(args) == 1:
		// Each line is [kind, channel, count left]: the channels as a set, the counts in their order.
		var channels, counts []string
		for _, line := range lines {
			at := strings.LastIndex(strings.TrimSuffix(line, "\r\n"), "\r\n")
			channels, counts = append(channels, line[:max(at, 0)]), append(counts, line[max(at, 0):])
		}
		slices.Sort(channels)
		return append(channels, counts...)
	}
	return lines
}
