package rule

import (
	"slices"
	"strings"
)

// Arg is an argument of a command as far as the source shows it.
type Arg struct {
	Text     string // the value when it is Constant
	Constant bool
	Key      Key  // what the argument is when it is a key
	Rest     bool // stands for any number of arguments, a spread slice for one
}

// shape is where a command has its keys.
type shape struct {
	kind  Kind
	first int // index of the first key
	step  int // 0: one key; else every step-th argument is a key, to the end
}

var shapes = map[string]shape{
	"GET": {Read, 0, 0}, "GETEX": {Read, 0, 0},
	"SET": {Write, 0, 0}, "SETNX": {Write, 0, 0}, "GETSET": {Write, 0, 0}, "SETEX": {Write, 0, 0}, "PSETEX": {Write, 0, 0}, "RESTORE": {Write, 0, 0},
	"MSET": {Create, 0, 2}, "MSETNX": {Create, 0, 2},
	"SDIFFSTORE": {Create, 0, 0}, "SINTERSTORE": {Create, 0, 0}, "SUNIONSTORE": {Create, 0, 0}, "ZDIFFSTORE": {Create, 0, 0},
	"ZINTERSTORE": {Create, 0, 0}, "ZUNIONSTORE": {Create, 0, 0}, "ZRANGESTORE": {Create, 0, 0}, "GEOSEARCHSTORE": {Create, 0, 0}, "BITOP": {Create, 1, 0},
	"APPEND": {Grow, 0, 0}, "SETRANGE": {Grow, 0, 0}, "SETBIT": {Grow, 0, 0}, "INCR": {Grow, 0, 0}, "INCRBY": {Grow, 0, 0},
	"INCRBYFLOAT": {Grow, 0, 0}, "DECR": {Grow, 0, 0}, "DECRBY": {Grow, 0, 0}, "HSET": {Grow, 0, 0}, "HMSET": {Grow, 0, 0}, "HSETNX": {Grow, 0, 0},
	"HINCRBY": {Grow, 0, 0}, "HINCRBYFLOAT": {Grow, 0, 0}, "LPUSH": {Grow, 0, 0}, "RPUSH": {Grow, 0, 0}, "SADD": {Grow, 0, 0}, "ZADD": {Grow, 0, 0},
	"ZINCRBY": {Grow, 0, 0}, "PFADD": {Grow, 0, 0}, "PFMERGE": {Grow, 0, 0}, "GEOADD": {Grow, 0, 0},
	"EXPIRE": {Expire, 0, 0}, "PEXPIRE": {Expire, 0, 0}, "EXPIREAT": {Expire, 0, 0}, "PEXPIREAT": {Expire, 0, 0},
	// Fields that all have a lifetime end their hash.
	"HEXPIRE": {Expire, 0, 0}, "HPEXPIRE": {Expire, 0, 0}, "HEXPIREAT": {Expire, 0, 0}, "HPEXPIREAT": {Expire, 0, 0},
	"PERSIST": {Drop, 0, 0}, "KEYS": {Walk, 0, 0},
}

// Parse makes an operation of a command and its arguments; ok is false for commands that no rule is about.
func Parse(name string, args []Arg) (op Operation, ok bool) {
	name = strings.ToUpper(name)
	s, ok := shapes[name]
	if !ok {
		return Operation{}, false
	}
	op = Operation{Command: name, Kind: s.kind}
	if s.kind != Walk {
		op.Keys = keys(s, args)
	}
	switch name {
	case "SET":
		op.Lifetime = setLifetime(args)
	case "SETEX", "PSETEX":
		op.Lifetime = Given
	case "RESTORE":
		op.Lifetime = restoreLifetime(args)
	case "GETEX":
		op.Kind = getexKind(args)
	case "EXPIRE", "PEXPIRE", "EXPIREAT", "PEXPIREAT":
		// XX and GT leave a key without a lifetime as it is.
		if word(args, 2, "XX", "GT") {
			op.Kind = Other
		}
		op.If = word(args, 2, "NX", "LT")
	}
	return op, true
}

func keys(s shape, args []Arg) []Key {
	var found []Key
	for i, a := range args {
		switch {
		case a.Rest:
			return nil // the keys, or where they are, are not known
		case i < s.first || (s.step > 0 && (i-s.first)%s.step != 0):
			continue
		case !a.Key.Known():
			return nil
		}
		found = append(found, a.Key)
		if s.step == 0 {
			return found
		}
	}
	return found
}

// word reports whether an argument from the given index on is one of the words.
func word(args []Arg, from int, words ...string) bool {
	return slices.ContainsFunc(args[min(from, len(args)):], func(a Arg) bool {
		return a.Constant && !a.Rest && slices.Contains(words, strings.ToUpper(a.Text))
	})
}

// unclear reports whether arguments from the given index on may be any words.
func unclear(args []Arg, from int) bool {
	return slices.ContainsFunc(args, func(a Arg) bool { return a.Rest }) ||
		slices.ContainsFunc(args[min(from, len(args)):], func(a Arg) bool { return !a.Constant })
}

func setLifetime(args []Arg) Lifetime {
	switch {
	case word(args, 2, "EX", "PX", "EXAT", "PXAT"):
		return Given
	case word(args, 2, "KEEPTTL"):
		// KEEPTTL keeps nothing where the key is new, and NX writes only new keys.
		if word(args, 2, "NX") {
			return None
		}
		return Given
	case unclear(args, 2):
		return Unclear
	}
	return None
}

// restoreLifetime reads RESTORE key ttl value ...; a ttl of 0 is none.
func restoreLifetime(args []Arg) Lifetime {
	if len(args) < 2 || slices.ContainsFunc(args[:2], func(a Arg) bool { return a.Rest }) || !args[1].Constant {
		return Unclear
	}
	if args[1].Text == "0" {
		return None
	}
	return Given
}

func getexKind(args []Arg) Kind {
	switch {
	case word(args, 1, "PERSIST"):
		return Drop
	case word(args, 1, "EX", "PX", "EXAT", "PXAT"):
		return Other
	case unclear(args, 1):
		return Other
	}
	return Read
}
