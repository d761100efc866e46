package lifetime

import (
	"context"

	"github.com/redis/go-redis/v9"
)

// A caller of Conn can send MULTI, the commands and EXEC one by one. EXEC's reply is then one value with the replies of
// all that is queued, and a PEXPIRE among them would shift it, so the tasks wait until after EXEC.

// transaction handles MULTI, EXEC, DISCARD and RESET that are sent as single commands.
func (h *policyHook) transaction(ctx context.Context, link *chain, cmd redis.Cmder) error {
	name := cmd.Name()
	tasks := link.leave()
	if name != "exec" {
		tasks = cares{}
	}
	err := h.send(ctx, link, cmd, &tasks, false)
	if name == "multi" && err == nil {
		link.enter()
	}
	return err
}

func (c *chain) queued() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.mu.multi
}

func (c *chain) enter() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.mu.multi = true
}

func (c *chain) postpone(all []care) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.mu.pending.add(all...)
}

func (c *chain) leave() cares {
	c.mu.Lock()
	defer c.mu.Unlock()
	pending := c.mu.pending
	c.mu.multi, c.mu.pending = false, cares{}
	return pending
}
