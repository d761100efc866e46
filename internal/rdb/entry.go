package rdb

import "time"

// A Type is what the TYPE command says.
type Type string

// The types.
const (
	String Type = "string"
	List   Type = "list"
	Set    Type = "set"
	Zset   Type = "zset"
	Hash   Type = "hash"
	Stream Type = "stream"
	Module Type = "module"
)

const (
	// NoExpiry is the Expiry of a key without a deadline; it is what PEXPIRETIME answers.
	NoExpiry = -1
	// Unknown stands for what the file does not tell.
	Unknown = -1
)

// An Entry is what the file says of a key.
type Entry struct {
	DB  int
	Key []byte // borrowed until the next entry: copy it to keep it

	Type Type
	// Encoding is what OBJECT ENCODING said on the server that wrote the file: int, embstr, raw, listpack, quicklist and
	// so on. Two things are only so once the server has loaded the file: a string that was changed in place was raw, and
	// from Redis 7.2 on a list that has shrunk to one node was a quicklist.
	Encoding string
	Module   string // the module's name for the type, of modules' values only

	Expiry int64         // milliseconds since 1970, or NoExpiry
	Idle   time.Duration // whole seconds, or Unknown: stored only under an LRU policy
	Freq   int           // the logarithmic counter of OBJECT FREQ, or Unknown: stored only under an LFU policy

	// Len is what STRLEN, LLEN, SCARD, ZCARD, HLEN or XLEN says; Unknown for modules and packed values of absurd size.
	Len int64
	// FieldsWithTTL is how many fields of a hash have a deadline of their own.
	FieldsWithTTL int64

	FileBytes int64 // in the file, with what stands before the key
	Memory    int64 // an estimate of MEMORY USAGE in bytes; the package's comment says how good
}
