package lifetime

import (
	"bytes"
	"runtime"
	"strconv"
	"sync"

	"github.com/redis/go-redis/v9"
)

// A chain is what lies behind a hook in one client, transaction or connection. A single command that needs a second one
// beside it is sent through the pipeline of its own chain: through that of another one it would leave the transaction's
// connection.
type chain struct {
	process  redis.ProcessHook
	pipeline redis.ProcessPipelineHook // nil: not known, see chains

	mu struct {
		sync.Mutex
		multi   bool  // a MULTI was sent as a single command, as callers of Conn may do
		pending cares // what to do after its EXEC
	}
}

// chains pairs the two ends of a chain. go-redis builds a chain by asking a hook for its DialHook, its ProcessHook and
// twice for its ProcessPipelineHook (for pipelines, then for transactions), one after the other, but does not say for
// whom; and it builds one for each transaction and connection, on any goroutine. What is common to the four calls is the
// goroutine, so that is the key, as go-redis itself tells its callers apart by it. Rejected: the first pipeline that was
// ever seen, which belongs to another connection than that of a transaction.
//
// Where the pairing fails, as for single commands of an AutoPipeliner, a chain has no pipeline, and what belongs
// together is sent one after the other, at the cost of a round trip.
type chains struct {
	mu       sync.Mutex
	building map[uint64]*chain // guarded by mu; only while a chain is built
}

// buildingLimit bounds the chains that were begun and never ended, by a hook around this one that does not pass all four
// calls on. Whose building is forgotten has a chain without a pipeline.
const buildingLimit = 1024

func newChains() *chains { return &chains{building: map[uint64]*chain{}} }

// begin is called with DialHook.
func (c *chains) begin() {
	id := goroutine()
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.building) >= buildingLimit {
		clear(c.building)
	}
	c.building[id] = &chain{}
}

// chain is called with ProcessHook.
func (c *chains) chain(next redis.ProcessHook) *chain {
	id := goroutine()
	c.mu.Lock()
	defer c.mu.Unlock()
	link, ok := c.building[id]
	if !ok || id == 0 || link.process != nil {
		delete(c.building, id)
		link = &chain{}
	}
	link.process = next
	return link
}

// end is called with ProcessPipelineHook: the first time is the pipeline's, which ends the building.
func (c *chains) end(next redis.ProcessPipelineHook) {
	id := goroutine()
	c.mu.Lock()
	defer c.mu.Unlock()
	if link, ok := c.building[id]; ok && id != 0 && link.process != nil {
		link.pipeline = next
	}
	delete(c.building, id)
}

// goroutine is the number of the calling goroutine; 0 if the runtime does not print it as expected.
func goroutine() uint64 {
	var buf [64]byte
	line := buf[:runtime.Stack(buf[:], false)]
	line, ok := bytes.CutPrefix(line, []byte("goroutine "))
	if !ok {
		return 0
	}
	digits, _, _ := bytes.Cut(line, []byte(" "))
	id, err := strconv.ParseUint(string(digits), 10, 64)
	if err != nil {
		return 0
	}
	return id
}
