package stringcmd

import (
	"github.com/curfewkv/curfew/internal/command"
	"github.com/curfewkv/curfew/internal/keyspace"
)

// shareFrom is the length of a reply from which on it refers to the bytes of a large string rather than copying them. Of a
// shorter part of one, the copy costs less than keeping account of a reference.
const shareFrom = 32 << 10

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
