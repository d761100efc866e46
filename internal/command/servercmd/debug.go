package servercmd

import (
	"crypto/sha1"
	"encoding/hex"
	"strconv"
	"time"

	"github.com/curfewkv/curfew/internal/command"
	"github.com/curfewkv/curfew/internal/journal"
	"github.com/curfewkv/curfew/internal/keyspace"
	"github.com/curfewkv/curfew/resp"
	"github.com/curfewkv/curfew/resp/glob"
	"github.com/curfewkv/curfew/resp/number"
)

// debugSpec is the subset of DEBUG that tests of Redis and of its clients use. It locks every shard, so that DEBUG SLEEP
// stalls the whole server as it does in Redis.
func debugSpec(d *Deps) *command.Spec {
	return &command.Spec{
		Name: "debug", Arity: -2,
		Flags: command.Admin | command.NoScript | command.Loading | command.Stale | command.Protected | command.SysCmd | command.AllShards,
		Group: "server", Since: "1.0.0", Complexity: "Depends on subcommand.",
		Summary: "Looks into the server and disturbs it, for tests.",
		Run:     func(c *command.Ctx) error { return runDebug(c, d) },
	}
}

var debugHelp = []string{
	"DEBUG <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
	"DIGEST",
	"    Output a hex signature representing the current keyspace.",
	"DIGEST-VALUE <key> [<key> ...]",
	"    Output a hex signature of the values of all the specified keys.",
	"LOG <message>",
	"    Write <message> to the server log.",
	"OBJECT <key>",
	"    Show low level info about <key> and its value.",
	"PAUSE-CRON <0|1>",
	"    Accepted and without effect: no periodic work changes what a client sees.",
	"POPULATE <count> [<prefix>] [<size>]",
	"    Create <count> string keys named <prefix>:<num>.",
	"PROTOCOL <type>",
	"    Reply with a test value of the specified type.",
	"SET-ACTIVE-EXPIRE <0|1>",
	"    Setting it to 0 disables the removal of keys at their deadline; lookups still never see a due key.",
	"SLEEP <seconds>",
	"    Stop the server for <seconds>. Decimals allowed.",
	"STRINGMATCH-LEN <len> <pattern>",
	"    Match <pattern> against a string of <len> bytes.",
	"HELP",
	"    Print this help.",
}

func runDebug(c *command.Ctx, d *Deps) error {
	n := len(c.Args)
	switch {
	case c.Is(1, "HELP") && n == 2:
		c.Out.Array(len(debugHelp))
		for _, l := range debugHelp {
			c.Out.Simple(l)
		}
		return nil
	case c.Is(1, "SLEEP") && n == 3:
		return debugSleep(c)
	case c.Is(1, "SET-ACTIVE-EXPIRE") && n == 3:
		c.Tx.Keyspace().Settings.ActiveExpiry.Store(string(c.Args[2]) != "0")
	case c.Is(1, "LOG") && n == 3:
		d.Log("DEBUG LOG: " + string(c.Args[2]))
	case c.Is(1, "PAUSE-CRON") && n == 3, c.Is(1, "CONFIG-REWRITE-FORCE-ALL") && n == 2:
		if n == 2 {
			if err := d.Config.RewriteAll(); err != nil {
				return wire(err)
			}
		}
	case c.Is(1, "PROTOCOL") && n == 3:
		return debugProtocol(c)
	case c.Is(1, "DIGEST") && n == 2:
		c.Out.Simple(debugDigest(c))
		return nil
	case c.Is(1, "DIGEST-VALUE"):
		return debugDigestValue(c)
	case c.Is(1, "POPULATE") && n >= 3 && n <= 5:
		return debugPopulate(c)
	case c.Is(1, "OBJECT") && n >= 3:
		return debugObject(c)
	case c.Is(1, "STRINGMATCH-LEN") && n == 4:
		return debugStringMatch(c)
	default:
		return command.Errorf("ERR unknown subcommand or wrong number of arguments for '%.128s'. Try DEBUG HELP.", c.Args[1])
	}
	c.Out.OK()
	return nil
}

// debugSleep holds the locks of all shards, and its event loop, for the given time.
func debugSleep(c *command.Ctx) error {
	s, err := strconv.ParseFloat(string(c.Args[2]), 64)
	if err == nil && s > 0 {
		time.Sleep(time.Duration(s * float64(time.Second)))
	}
	c.Out.OK()
	return nil
}

func debugProtocol(c *command.Ctx) error {
	switch {
	case c.Is(2, "STRING"):
		c.Out.BulkString("Hello World")
	case c.Is(2, "INTEGER"):
		c.Out.Int(12345)
	case c.Is(2, "DOUBLE"):
		c.Out.Double(3.141)
	case c.Is(2, "NULL"):
		c.Out.Null()
	case c.Is(2, "ARRAY"):
		protocolItems(c, c.Out.Array)
	case c.Is(2, "SET"):
		protocolItems(c, c.Out.Set)
	case c.Is(2, "MAP"):
		c.Out.Map(3)
		for i := range int64(3) {
			c.Out.Int(i)
			c.Out.Bool(i == 1)
		}
	case c.Is(2, "ATTRIB"):
		if c.Out.Proto > 2 {
			c.Out.Attribute(1)
			c.Out.BulkString("key-popularity")
			c.Out.Array(2)
			c.Out.BulkString("key:123")
			c.Out.Int(90)
		}
		c.Out.BulkString("Some real reply following the attribute")
	case c.Is(2, "PUSH"):
		return debugPush(c)
	case c.Is(2, "VERBATIM"):
		c.Out.Verbatim("txt", "This is a verbatim\nstring")
	case c.Is(2, "TRUE"):
		c.Out.Bool(true)
	case c.Is(2, "FALSE"):
		c.Out.Bool(false)
	case c.Is(2, "BIGNUM"):
		c.Out.BigNumber("1234567999999999999999999999999999999")
	default:
		return command.Error("ERR Wrong protocol type name. Please use one of the following: string|integer|double|bignum|null|array|set|map|attrib|push|verbatim|true|false")
	}
	return nil
}

// debugPush sends a push and, since a push answers nothing, a reply, which comes first as in Redis 7.4.
func debugPush(c *command.Ctx) error {
	if c.Out.Proto < 3 {
		return command.Error("ERR RESP2 is not supported by this command")
	}
	c.Session.Push(0, func(w *resp.Writer) {
		w.Push(2)
		w.BulkString("server-cpu-usage")
		w.Int(42)
	})
	c.Out.BulkString("Some real reply following the push reply")
	return nil
}

func protocolItems(c *command.Ctx, head func(int)) {
	head(3)
	for i := range int64(3) {
		c.Out.Int(i)
	}
}

// debugDigest is a hash of all databases that does not depend on the order of the keys: the sum (xor) of a hash for each.
func debugDigest(c *command.Ctx) string {
	var sum [sha1.Size]byte
	saved := c.Tx.DB
	for db := range c.Tx.Keyspace().Databases() {
		c.Tx.DB = db
		c.Tx.Each(func(en keyspace.Entry) { xorDigest(&sum, entryDigest(c, db, en)) })
	}
	c.Tx.DB = saved
	return hex.EncodeToString(sum[:])
}

func xorDigest(sum *[sha1.Size]byte, with [sha1.Size]byte) {
	for i := range sum {
		sum[i] ^= with[i]
	}
}

// entryDigest hashes what a client can see of an entry; that there is a deadline counts, when it is does not.
func entryDigest(c *command.Ctx, db int, en keyspace.Entry) [sha1.Size]byte {
	h := sha1.New()
	h.Write(strconv.AppendInt(nil, int64(db), 10))
	h.Write([]byte{0})
	h.Write(en.Key())
	h.Write([]byte{0})
	h.Write(en.String(c.Scratch[:0]))
	if en.Deadline() != keyspace.None {
		h.Write([]byte("!!expire!!"))
	}
	return [sha1.Size]byte(h.Sum(nil))
}

func debugDigestValue(c *command.Ctx) error {
	c.Out.Array(len(c.Args) - 2)
	for _, key := range c.Args[2:] {
		var sum [sha1.Size]byte
		if en, ok := c.Tx.Peek(key); ok {
			sum = sha1.Sum(en.String(c.Scratch[:0]))
		}
		c.Out.Simple(hex.EncodeToString(sum[:]))
	}
	return nil
}

// maxPopulate bounds DEBUG POPULATE, which holds every lock while it runs.
const maxPopulate = 100_000_000

// populateBlock is how many keys of DEBUG POPULATE are stated as one step.
const populateBlock = 1000

func debugPopulate(c *command.Ctx) error {
	n, err := c.Int(2)
	if err != nil || n < 0 || n > maxPopulate {
		return command.ErrNotPositive
	}
	prefix, size := "key", int64(0)
	if len(c.Args) > 3 {
		prefix = string(c.Args[3])
	}
	if len(c.Args) > 4 {
		if size, err = c.Int(4); err != nil || size < 0 || size > 512<<20 {
			return command.ErrNotPositive
		}
	}
	for i := range n {
		key := strconv.AppendInt([]byte(prefix+":"), i, 10)
		if _, ok := c.Tx.Peek(key); ok {
			continue
		}
		value := strconv.AppendInt([]byte("value:"), i, 10)
		if size > 0 {
			sized := make([]byte, size)
			copy(sized, value)
			value = sized
		}
		if err := c.Tx.PutString(key, value, keyspace.PutOptions{}, journal.Event{}); err != nil {
			return err
		}
		if i%populateBlock == 0 {
			c.Tx.Commit()
		}
	}
	c.Out.OK()
	return nil
}

func debugStringMatch(c *command.Ctx) error {
	n, ok := number.ParseInt64(c.Args[2])
	if !ok || n < 0 || n > 64<<20 {
		return command.ErrNotPositive
	}
	text := make([]byte, n)
	for i := range text {
		text[i] = 'a'
	}
	c.Out.Int(int64(btoi(glob.Match(c.Args[3], text, false))))
	return nil
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}
