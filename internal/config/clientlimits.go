package config

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// ClientClass is a row of client-output-buffer-limit.
type ClientClass int

const (
	NormalClients ClientClass = iota
	ReplicaClients
	PubSubClients
	clientClasses
)

// classNames holds each class's name in CONFIG GET, and in files. They differ
// because Redis kept the old word where clients parse it.
var classNames = [clientClasses]struct{ shown, written string }{
	{"normal", "normal"}, {"slave", "replica"}, {"pubsub", "pubsub"},
}

// ClientLimit is when a client that does not read its replies is closed: above
// Hard bytes at once, above Soft bytes for SoftTime. Zero is no limit.
type ClientLimit struct {
	Hard, Soft int64
	SoftTime   time.Duration // whole seconds
}

type clientLimits [clientClasses]ClientLimit

// ClientLimits is the key client-output-buffer-limit.
type ClientLimits struct{ v atomic.Pointer[clientLimits] }

// ClientOutputBufferLimit declares the key of that name with Redis's defaults.
func (r *Registry) ClientOutputBufferLimit(opts ...Option) *ClientLimits {
	c := new(ClientLimits)
	c.v.Store(&clientLimits{
		ReplicaClients: {256 << 20, 64 << 20, time.Minute},
		PubSubClients:  {32 << 20, 8 << 20, time.Minute},
	})
	r.declare("client-output-buffer-limit", c, append(opts, MultiArg()))
	return c
}

// Get returns the limit of a class: one atomic load.
func (c *ClientLimits) Get(class ClientClass) ClientLimit { return c.v.Load()[class] }

func (c *ClientLimits) load() any { return *c.v.Load() }

func (c *ClientLimits) store(v any) error {
	l := v.(clientLimits)
	c.v.Store(&l)
	return nil
}

var (
	errLimitWords = errors.New("Wrong number of arguments in buffer limit configuration.")
	errLimitClass = errors.New("Invalid client class specified in buffer limit configuration.")
	errLimitValue = errors.New("Error in hard, soft or soft_seconds setting in buffer limit configuration.")
)

// parse changes the classes that args name and keeps the others.
func (c *ClientLimits) parse(args []string) (any, error) {
	if len(args)%4 != 0 {
		return nil, errLimitWords
	}
	limits := *c.v.Load()
	for ; len(args) > 0; args = args[4:] {
		class := classOf(args[0])
		if class < 0 {
			return nil, errLimitClass
		}
		hard, ok1 := ParseMemory(args[1])
		soft, ok2 := ParseMemory(args[2])
		seconds, err := strconv.ParseInt(args[3], 10, 32)
		if !ok1 || !ok2 || err != nil || seconds < 0 {
			return nil, errLimitValue
		}
		limits[class] = ClientLimit{hard, soft, time.Duration(seconds) * time.Second}
	}
	return limits, nil
}

func classOf(name string) ClientClass {
	for i, n := range classNames {
		if strings.EqualFold(name, n.shown) || strings.EqualFold(name, n.written) {
			return ClientClass(i)
		}
	}
	return -1
}

func (c *ClientLimits) format(v any) string {
	var b strings.Builder
	for i, l := range v.(clientLimits) {
		if i > 0 {
			b.WriteByte(' ')
		}
		fmt.Fprintf(&b, "%s %d %d %d", classNames[i].shown, l.Hard, l.Soft, int64(l.SoftTime/time.Second))
	}
	return b.String()
}

func (c *ClientLimits) lines() []string {
	var out []string
	for i, l := range *c.v.Load() {
		out = append(out, fmt.Sprintf("%s %s %s %d", classNames[i].written,
			FormatMemory(l.Hard), FormatMemory(l.Soft), int64(l.SoftTime/time.Second)))
	}
	return out
}

func (c *ClientLimits) kind() (string, string) {
	return "client limits", "class hard soft seconds, for normal, replica, pubsub"
}
