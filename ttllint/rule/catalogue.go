package rule

import "slices"

// Code names a rule in reports, comments and configuration. Codes are never given to another rule.
type Code string

// The rules.
const (
	NoTTL             Code = "TTL001"
	NoExpire          Code = "TTL002"
	SetThenExpire     Code = "TTL003"
	GetThenExpire     Code = "TTL004"
	ExpireBeforeWrite Code = "TTL005"
	Persist           Code = "TTL006"
	KeysCommand       Code = "TTL007"
	LocalDeadline     Code = "TTL008"
	WrongUnit         Code = "TTL009"
	BadComment        Code = "TTL010"
)

// Rule is what is said of a rule outside of a finding.
type Rule struct {
	Code    Code
	Name    string // in words with dashes
	Summary string // a sentence
	Help    string // what to write instead
	Durable bool   // a key that is accepted as durable may break it
}

var catalogue = []Rule{
	{
		NoTTL, "no-ttl", "A string is written without a lifetime, so its key stays until someone deletes it.",
		"Give the lifetime in the same command: SET with EX, PX, EXAT, PXAT, or KEEPTTL where the key has one already.", true,
	},
	{
		NoExpire, "no-expire", "A command creates a key and cannot give it a lifetime, and no EXPIRE of the key follows in the function.",
		"Follow it by EXPIRE in the same pipeline; EXPIRE with NX keeps a lifetime that is there.", true,
	},
	{
		SetThenExpire, "set-then-expire", "A string gets its lifetime by a second command; a program that stops between the two leaves a key that never ends.",
		"Give the lifetime in the same command: SET with EX, PX, EXAT or PXAT.", true,
	},
	{
		GetThenExpire, "get-then-expire", "GET and then EXPIRE of the same key take two round trips, and the key can end between them.",
		"GETEX reads the value and sets the lifetime in one command.", false,
	},
	{
		ExpireBeforeWrite, "expire-before-write", "EXPIRE comes before the write: on a missing key it does nothing, and SET drops what it did.",
		"Give the lifetime with the write, or after it.", true,
	},
	{
		Persist, "persist", "PERSIST, or GETEX with PERSIST, takes the lifetime from a key.",
		"Give the key a new lifetime by EXPIRE, or accept the key as durable.", true,
	},
	{
		KeysCommand, "keys", "KEYS walks the whole keyspace in one step, and the server answers nobody else meanwhile.",
		"Use SCAN, or keep an index of the keys that are needed.", false,
	},
	{
		LocalDeadline, "local-deadline", "A deadline is made from a local or zoneless time, so it depends on the time zone of the machine.",
		"Make it from a time with a zone, UTC at best.", false,
	},
	{
		WrongUnit, "wrong-unit", "A lifetime or deadline is in another unit than the command takes.",
		"Check for seconds against milliseconds, nanoseconds in Go, and whole numbers.", false,
	},
	{
		BadComment, "bad-comment", "A comment that should accept a finding lacks its reason, or cannot be read.",
		"Write `ttl:durable REASON` or `ttl:ignore CODE REASON`.", false,
	},
}

// All returns the rules by code.
func All() []Rule { return slices.Clone(catalogue) }

// Lookup finds a rule by its code or its name.
func Lookup(codeOrName string) (Rule, bool) {
	i := slices.IndexFunc(catalogue, func(r Rule) bool { return string(r.Code) == codeOrName || r.Name == codeOrName })
	if i < 0 {
		return Rule{}, false
	}
	return catalogue[i], true
}
