package stringcmd

import (
	"github.com/curfewkv/curfew/internal/command"
	"github.com/curfewkv/curfew/internal/keyspace"
)

// shareFrom is the length of a reply from which on it refers to the bytes of a large string rather than copying them. A
// shorter one is copied, at some ten microseconds, so that what a client does not read is memory of its own, which
// maxmemory and maxmemory-clients bound as in Redis.
const shareFrom = 128 << 10

// reply replies the string of an entry. That the key changes or goes after it does not change the reply.
func reply(c *command.Ctx, en keyspace.Entry) { replyPart(c, en, en.String(c.Scratch[:0]), 0) }

// replyPart replies a part of the string of an entry, which begins at a place in it.
func replyPart(c *command.Ctx, en keyspace.Entry, part []byte, at int) {
	if len(part) >= shareFrom {
		if r, ok := en.Share(at, at+len(part)); ok {
			c.Out.BulkShared(r)
			return
		}
	}
	c.Out.Bulk(part)
}
