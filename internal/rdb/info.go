package rdb

import (
	"strconv"
	"time"
)

// Info is what a file says of itself. It grows while the file is read.
type Info struct {
	Valkey  bool // the magic is VALKEY
	Version int  // of the format
	// Aux holds the named facts, the last of each name: redis-ver or valkey-ver, redis-bits, ctime, used-mem, aof-base
	// and others. Names and values beyond maxAux are left out.
	Aux map[string]string
	// Keys and Expires are how many keys, and keys with a deadline, the databases seen so far announced.
	Keys, Expires int64
	Functions     int64 // function libraries
	// Summed tells that the checksum was compared and agreed, which is known at the end only. A server with
	// rdbchecksum no writes none.
	Summed bool
}

// Newer tells that the format is newer than those that this package was made for.
func (i Info) Newer() bool {
	if i.Valkey {
		return i.Version > newestValkey
	}
	return i.Version > newestRedis
}

// Server is the name and version of the server that wrote the file, "" when it does not say.
func (i Info) Server() string {
	if v, ok := i.Aux["valkey-ver"]; ok {
		return "Valkey " + v
	}
	if v, ok := i.Aux["redis-ver"]; ok {
		return "Redis " + v
	}
	return ""
}

// Created is when the file was written, by its server's clock; false when it does not say.
func (i Info) Created() (time.Time, bool) {
	n, err := strconv.ParseInt(i.Aux["ctime"], 10, 64)
	return time.Unix(n, 0), err == nil
}

// UsedMemory is how many bytes the server had allocated then; false when the file does not say.
func (i Info) UsedMemory() (int64, bool) {
	n, err := strconv.ParseInt(i.Aux["used-mem"], 10, 64)
	return n, err == nil
}
