package differential

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/curfewkv/curfew/test/rig"
)

// clients is the number of connections that a sequence uses.
const clients = 2

// marker is the channel whose message tells that all notifications of a sequence have arrived.
const marker = "differential:marker"

// A pair is the two servers with the connections of the sequence that is running. Index 0 is redis, 1 is Curfew.
type pair struct {
	servers  [2]*rig.Server
	conns    [2][clients]*rig.Conn
	listener [2]*rig.Conn // hears the notifications
	reaper   [2]*rig.Conn
	queued   [clients][][]string // what each connection has queued since MULTI; nil outside a transaction
	short    []string            // arguments of commands with the short TTL: one of them is the key
	log      []string            // the sequence so far, for the failure message
}

// newPair starts both servers.
func newPair(t testing.TB) *pair {
	t.Helper()
	settings := []string{"--notify-keyspace-events", "KEA"}
	return &pair{servers: [2]*rig.Server{rig.Redis(t, settings...), rig.Curfew(t, settings...)}}
}

// begin empties both servers and opens fresh connections. A server that has crashed is started again, which lets a
// crashing sequence be shrunk.
func (p *pair) begin() error {
	p.end()
	p.log, p.short = nil, nil
	p.queued = [clients][][]string{}
	for i, s := range p.servers {
		if !s.Alive() {
			if err := s.Restart(); err != nil {
				return fmt.Errorf("%s: %w", s.Name, err)
			}
		}
		for c := range clients {
			conn, err := rig.Dial(s)
			if err != nil {
				return fmt.Errorf("%s: %w", s.Name, err)
			}
			p.conns[i][c] = conn
		}
		if reply, err := p.conns[i][0].Do("FLUSHALL"); err != nil || reply.IsError() {
			return fmt.Errorf("%s: FLUSHALL: %v, %w", s.Name, reply, err)
		}
		var err1, err2 error
		p.listener[i], err1 = rig.Dial(s)
		p.reaper[i], err2 = rig.Dial(s)
		if err := errors.Join(err1, err2); err != nil {
			return fmt.Errorf("%s: %w", s.Name, err)
		}
		for _, args := range [][]string{{"PSUBSCRIBE", "__key*__:*"}, {"SUBSCRIBE", marker}} {
			if reply, err := p.listener[i].Do(args...); err != nil || reply.IsError() {
				return fmt.Errorf("%s: %s: %v, %w", s.Name, args[0], reply, err)
			}
		}
	}
	return nil
}

func (p *pair) end() {
	for i := range p.servers {
		for _, c := range append(p.conns[i][:], p.listener[i], p.reaper[i]) {
			if c != nil {
				c.Close()
			}
		}
		p.conns[i], p.listener[i], p.reaper[i] = [clients]*rig.Conn{}, nil, nil
	}
}

// do sends a pipeline of commands on one connection to both servers and compares the replies.
func (p *pair) do(client int, pipeline ...[]string) error {
	var raw []byte
	for _, args := range pipeline {
		raw = rig.Encode(raw, args...)
		p.log = append(p.log, fmt.Sprintf("%c> %s", 'A'+client, quoted(args)))
	}
	for i, s := range p.servers {
		if err := p.conns[i][client].Send(raw); err != nil {
			return fmt.Errorf("%s: %w", s.Name, err)
		}
	}
	for _, args := range pipeline {
		var replies [2]rig.Reply
		for i, s := range p.servers {
			reply, err := p.conns[i][client].Read()
			if err != nil {
				return fmt.Errorf("%s does not answer %s: %w\n%s", s.Name, quoted(args), err, crash(s))
			}
			replies[i] = reply
		}
		if err := p.check(client, args, replies); err != nil {
			return err
		}
	}
	if p.carriesShort(client, pipeline) {
		time.Sleep(shortWait)
		return p.reap()
	}
	return nil
}

// reap reads every key whose time may have come. redis deletes a key, and tells of it, only when it is read or found
// by chance. Curfew does so by itself, which other tests measure; here a busy machine must not make a difference.
func (p *pair) reap() error {
	for i, s := range p.servers {
		for _, db := range []string{"0", "1", "2", "15"} {
			if _, err := p.reaper[i].Do("SELECT", db); err != nil {
				return fmt.Errorf("%s: %w", s.Name, err)
			}
			if _, err := p.reaper[i].Do(append(append([]string{"EXISTS"}, pools["key"]...), p.short...)...); err != nil {
				return fmt.Errorf("%s: %w", s.Name, err)
			}
		}
	}
	return nil
}

// check compares the replies to one command and follows the transaction that the connection is in.
func (p *pair) check(client int, args []string, replies [2]rig.Reply) error {
	redis, curfew := replies[0], replies[1]
	name := commandName(args)
	queued := p.queued[client]
	switch {
	case name == "MULTI" && redis.Text == "OK":
		p.queued[client] = [][]string{}
	case redis.Kind == '+' && redis.Text == "QUEUED":
		p.queued[client] = append(queued, args)
	case slices.Contains([]string{"EXEC", "DISCARD", "RESET"}, name) && !strings.HasPrefix(redis.Text, "ERR wrong"):
		p.queued[client] = nil
	}
	same := agree(args, redis, curfew)
	if name == "EXEC" {
		same = agreeExec(queued, redis, curfew)
	}
	if same {
		return nil
	}
	return &difference{command: name, args: args, redis: redis, curfew: curfew}
}

// carriesShort reports whether a key with the short TTL may have been written: now, or by the EXEC that ends the
// transaction in which it was queued.
func (p *pair) carriesShort(client int, pipeline [][]string) bool {
	due := false
	for _, args := range pipeline {
		if slices.Contains(args, shortTTL) {
			p.short = append(p.short, args...)
		}
		due = due || slices.Contains(args, shortTTL) || commandName(args) == "EXEC" && len(p.short) > 0
	}
	return due && p.queued[client] == nil
}

// scan walks the whole keyspace with SCAN on both servers and compares what comes out, as sets: the guarantee of
// SCAN for keys that are there all the time. In a transaction there is no cursor to follow.
func (p *pair) scan(client int, options []string) error {
	if p.queued[client] != nil {
		return nil
	}
	p.log = append(p.log, fmt.Sprintf("%c> (full scan) SCAN 0 %s", 'A'+client, quoted(options)))
	var found [2][]string
	for i, s := range p.servers {
		cursor := "0"
		for step := 0; ; step++ {
			reply, err := p.conns[i][client].Do(append([]string{"SCAN", cursor}, options...)...)
			if err != nil {
				return fmt.Errorf("%s: SCAN: %w", s.Name, err)
			}
			if len(reply.Items) != 2 || step > 10_000 {
				found[i] = append(found[i], reply.String())
				break
			}
			for _, key := range reply.Items[1].Items {
				found[i] = append(found[i], key.Text)
			}
			if cursor = reply.Items[0].Text; cursor == "0" {
				break
			}
		}
		slices.Sort(found[i])
		found[i] = slices.Compact(found[i])
	}
	if !slices.Equal(found[0], found[1]) {
		return fmt.Errorf("SCAN finds %q on redis and %q on curfew", found[0], found[1])
	}
	return nil
}

// notifications compares the keyspace notifications since begin.
func (p *pair) notifications() error {
	var heard [2][]string
	for i, s := range p.servers {
		c, err := rig.Dial(s)
		if err != nil {
			return fmt.Errorf("%s: %w", s.Name, err)
		}
		if reply, err := c.Do("PUBLISH", marker, "end"); err != nil || reply.IsError() {
			return fmt.Errorf("%s: PUBLISH: %v, %w", s.Name, reply, err)
		}
		c.Close()
		for {
			message, err := p.listener[i].Read()
			if err != nil {
				return fmt.Errorf("%s: no message on the marker channel: %w", s.Name, err)
			}
			if len(message.Items) == 3 {
				break
			}
			if len(message.Items) != 4 {
				return fmt.Errorf("%s: unexpected message %s", s.Name, message)
			}
			heard[i] = append(heard[i], fmt.Sprintf("%s %q", message.Items[2].Text, message.Items[3].Text))
		}
		sortExpired(heard[i])
	}
	if slices.Equal(heard[0], heard[1]) {
		return nil
	}
	at := 0
	for at < min(len(heard[0]), len(heard[1])) && heard[0][at] == heard[1][at] {
		at++
	}
	return fmt.Errorf("the notifications differ from number %d on:\n  redis:  %s\n  curfew: %s", at,
		strings.Join(heard[0][at:], "\n          "), strings.Join(heard[1][at:], "\n          "))
}

// sortExpired orders each run of notifications about expired keys: several keys with one deadline go in any order.
func sortExpired(messages []string) {
	expired := func(m string) bool { return strings.Contains(m, "__:expired ") || strings.HasSuffix(m, ` "expired"`) }
	for i := 0; i < len(messages); i++ {
		j := i
		for j < len(messages) && expired(messages[j]) {
			j++
		}
		slices.Sort(messages[i:j])
		i = max(i, j-1)
	}
}

// A difference is a reply that no rule allows to differ.
type difference struct {
	command       string
	args          []string
	redis, curfew rig.Reply
}

func (d *difference) Error() string {
	return fmt.Sprintf("%s differs:\n  command: %s\n  redis:   %s\n  curfew:  %s", d.command, quoted(d.args), d.redis, d.curfew)
}

// explain puts the sequence in front of an error.
func (p *pair) explain(err error) string {
	var d *difference
	kind := "failure"
	if errors.As(err, &d) {
		kind = d.command
	}
	return fmt.Sprintf("[%s] after\n  %s\n%v", kind, strings.Join(p.log, "\n  "), err)
}

func quoted(args []string) string {
	parts := make([]string, len(args))
	for i, arg := range args {
		if len(arg) > 60 {
			parts[i] = fmt.Sprintf("%q*%d", arg[:10], len(arg))
			continue
		}
		parts[i] = fmt.Sprintf("%q", arg)
	}
	return strings.Join(parts, " ")
}

// crash returns the part of a dead server's log that tells why it died. A server that has just closed its connections
// may need a moment to end.
func crash(s *rig.Server) string {
	for i := 0; i < 20 && s.Alive(); i++ {
		time.Sleep(10 * time.Millisecond)
	}
	if s.Alive() {
		return ""
	}
	log := s.Log()
	for _, mark := range []string{"panic:", "fatal error:", "DATA RACE", "SIGSEGV"} {
		if i := strings.Index(log, mark); i >= 0 {
			return log[i:min(len(log), i+3000)]
		}
	}
	return log[max(0, len(log)-1000):]
}
