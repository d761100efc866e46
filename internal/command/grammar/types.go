package grammar

import "strings"

// declared are the types that may stand behind a colon.
var declared = map[string]Type{
	"string": String, "integer": Integer, "double": Double, "key": Key, "pattern": Pattern, "unix-time": UnixTime,
}

// named are the types of arguments whose names tell. What is not here is a string.
var named = map[string]Type{
	"key": Key, "newkey": Key, "source": Key, "destination": Key, "destkey": Key, "sourcekey": Key,

	"pattern": Pattern,

	"unix-time-seconds": UnixTime, "unix-time-milliseconds": UnixTime,

	"seconds": Integer, "milliseconds": Integer, "ms": Integer, "timeout": Integer, "min-idle-time": Integer,
	"increment": Integer, "decrement": Integer, "offset": Integer, "count": Integer, "numkeys": Integer, "numtags": Integer,
	"cursor": Integer, "index": Integer, "db": Integer, "destination-db": Integer, "start": Integer, "stop": Integer, "end": Integer,
	"length": Integer, "len": Integer, "min-match-len": Integer, "port": Integer, "slot": Integer, "client-id": Integer,
	"protover": Integer, "version": Integer, "bit": Integer, "columns": Integer, "rows": Integer,

	"score": Double, "weight": Double, "longitude": Double, "latitude": Double, "radius": Double, "width": Double, "height": Double,
}

// typeOf is the type that follows from an argument's name.
func typeOf(name string) Type {
	if t, ok := named[name]; ok {
		return t
	}
	return String
}

// groupNames name a group of alternatives by a token in it, in this order.
var groupNames = []struct{ token, name string }{
	{"EX", "expiration"}, {"NX", "condition"}, {"XX", "condition"}, {"GT", "comparison"}, {"ASYNC", "flush-type"}, {"SAVE", "save-selector"},
}

// nameOfGroup names alternatives that were given no name: as Redis does where they are common, by all of them elsewhere.
func nameOfGroup(alternatives []Arg) string {
	for _, g := range groupNames {
		for _, a := range alternatives {
			if a.Token == g.token {
				return g.name
			}
		}
	}
	names := make([]string, len(alternatives))
	for i, a := range alternatives {
		names[i] = a.Name
	}
	return strings.Join(names, "-or-")
}
