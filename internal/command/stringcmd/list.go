package stringcmd

import "github.com/curfewkv/curfew/internal/command"

// Specs are the commands of the family. maxBulk is the longest string in bytes that a command may make
// (proto-max-bulk-len); it is asked anew at every use.
func Specs(maxBulk func() int64) []*command.Spec {
	l := limit{maxBulk}
	return []*command.Spec{
		get, getdel, getex, getset, mget, strlen, getrange, substr,
		set, setex, psetex, setnx, mset, msetnx,
		incr, decr, incrby, decrby, incrbyfloat,
		l.append(), l.setrange(), l.lcs(), l.setbit(), l.getbit(),
	}
}
